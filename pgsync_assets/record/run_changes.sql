-- The first rows of a run as the log has them, each with the version that the destination had before.
SELECT
    log.row_id, log.op_type, log.status,
    (SELECT json_object_agg(key, value) FROM jsonb_each_text(log.fields)) AS fields,
    before.op_type AS before_type,
    (SELECT json_object_agg(key, value) FROM jsonb_each_text(before.fields)) AS before_fields
FROM (
    SELECT *
    FROM :"audit".sync_changelog
    WHERE sync_run_id = :'run'::bigint AND plan_row > 0
    ORDER BY plan_row
    LIMIT :'limit'::bigint
) AS log
LEFT JOIN LATERAL (
    SELECT known.op_type, known.fields
    FROM :"audit".sync_changelog AS known
    WHERE (known.sync_id = log.sync_id OR known.sync_id = ANY (:'names'::text[]))
        AND known.row_id = log.row_id AND known.status = 'succeeded'
        AND known.sync_run_id < log.sync_run_id
    ORDER BY known.sync_run_id DESC
    LIMIT 1
) AS before ON log.op_type <> 'added'
ORDER BY log.plan_row;
