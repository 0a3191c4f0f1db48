-- The refused rows of a run by operation: from the plan, and those that never got into it.
SELECT
    count(*) FILTER (WHERE operation = 'added'),
    count(*) FILTER (WHERE operation = 'changed'),
    count(*) FILTER (WHERE operation = 'removed'),
    count(*) FILTER (WHERE operation = 'added' AND plan_row < 0),
    count(*) FILTER (WHERE operation = 'changed' AND plan_row < 0)
FROM :"planner".rejections
WHERE run_id = :'run'::bigint;
