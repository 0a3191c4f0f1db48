-- The refused rows of a run, the first ones by row of the plan.
SELECT row_id, operation, sqlstate, constraint_name, column_name, reason
FROM :"planner".rejections
WHERE run_id = :'run'::bigint
ORDER BY abs(plan_row), plan_row
LIMIT :'limit'::bigint;
