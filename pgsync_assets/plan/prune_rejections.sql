-- Rows that were refused in runs that nobody needs, a few at a time.
DELETE FROM :"planner".rejections
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM :"planner".rejections
    WHERE run_id = ANY (:'runs'::bigint[])
    LIMIT :'limit'::bigint
));
