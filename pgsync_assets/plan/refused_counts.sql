-- How many rows of each state are refused now, and how many of them are parked.
SELECT state_id, count(*), count(*) FILTER (WHERE is_parked)
FROM :"planner".refused_rows
GROUP BY state_id;
