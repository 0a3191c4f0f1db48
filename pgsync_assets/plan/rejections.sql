-- The refused rows of a run, the first ones by row of the plan.
SELECT
    refused.row_id, refused.operation, refused.sqlstate, refused.constraint_name,
    refused.column_name, refused.reason, known.attempts
FROM :"planner".rejections AS refused
JOIN :"planner".runs AS run ON run.id = refused.run_id
LEFT JOIN :"planner".refused_rows AS known
    ON known.state_id = run.state_id AND known.row_id = refused.row_id AND known.key = refused.key
WHERE refused.run_id = :'run'::bigint
ORDER BY abs(refused.plan_row), refused.plan_row
LIMIT :'limit'::bigint;
