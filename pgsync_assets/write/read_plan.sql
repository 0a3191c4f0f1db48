-- A plan table has no statistics: the planner would scan all of it for every batch.
-- And the types of its columns, by which their values are written where rows travel in binary.
SELECT
    pg_catalog.set_config('enable_seqscan', 'off', true),
    pg_catalog.set_config('max_parallel_workers_per_gather', '0', true),
    pg_catalog.array_agg(a.attname::text),
    pg_catalog.array_agg(a.atttypid::bigint),
    -- Bytes of the values that are stored apart (TOAST).
    coalesce(max(pg_catalog.pg_relation_size(nullif(c.reltoastrelid, 0::oid))), 0)
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
WHERE a.attrelid = :'plan'::regclass AND a.attnum > 0 AND NOT a.attisdropped;
