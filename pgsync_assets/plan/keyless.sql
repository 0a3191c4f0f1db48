-- Rows that runs were refused as their key is NULL: they name no row, and are in no list of those.
SELECT count(*)
FROM :"planner".rejections
WHERE run_id = ANY (:'runs'::bigint[]) AND reason = :'missing';
