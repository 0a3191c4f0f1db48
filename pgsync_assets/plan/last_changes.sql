-- How many rows the last settled comparison of a state found changed, where it was one.
SELECT added + changed + removed
FROM :"planner".runs
WHERE state_id = :'state' AND status = 'settled' AND NOT is_full
ORDER BY id DESC
LIMIT 1;
