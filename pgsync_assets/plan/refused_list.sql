-- Rows of a sync that are refused now, those that were tried most often first.
SELECT
    refused.row_id, refused.partition, refused.operation, refused.attempts,
    refused.first_run, refused.first_at, refused.last_run, refused.last_at,
    refused.sqlstate, refused.constraint_name, refused.column_name, refused.reason,
    refused.is_parked
FROM :"planner".refused_rows AS refused
JOIN :"planner".states AS state ON state.id = refused.state_id
WHERE state.sync = :'sync'
    AND (:'partition'::text IS NULL OR refused.partition = :'partition'::text)
    AND (:'keys'::text[] IS NULL OR refused.row_id = ANY (:'keys'::text[]))
    AND (:'cause'::text IS NULL
        OR :'cause'::text IN (refused.sqlstate, refused.constraint_name, refused.column_name))
ORDER BY refused.attempts DESC, refused.last_run DESC, refused.row_id
LIMIT :'limit'::bigint;
