-- How many rows of a state are refused now, how many of them are parked, and whether one was
-- parked and is not any more: a cursor may have passed it meanwhile.
SELECT
    count(*),
    count(*) FILTER (WHERE is_parked),
    coalesce(bool_or(NOT is_parked AND seen_run IS NOT NULL), false)
FROM :"planner".refused_rows
WHERE state_id = :'state'::bigint;
