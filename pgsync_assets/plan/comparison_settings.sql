-- For a model that is compared with a snapshot. What is passed on between processes are the rows
-- that changed, so it costs next to nothing; PostgreSQL expects a third of all rows, or all.
-- The snapshot fits into memory, up to 1 GB in all processes together: a hash table takes about
-- 1.5 times what the table does, and may take hash_mem_multiplier times work_mem (PostgreSQL 13).
-- A FULL JOIN has several processes from PostgreSQL 16 on.
-- Local to the transaction; a server that has more set keeps it.
SELECT
    pg_catalog.set_config('parallel_tuple_cost', '0', true),
    pg_catalog.set_config('parallel_setup_cost', '0', true),
    pg_catalog.set_config('work_mem', greatest(here.kb, wanted.kb)::bigint::text, true)
FROM (
    SELECT
        pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) / 1024 AS kb,
        coalesce(pg_catalog.current_setting('hash_mem_multiplier', true)::numeric, 1)
        * CASE
            WHEN pg_catalog.current_setting('server_version_num')::integer < 160000 THEN 1
            ELSE 1 + pg_catalog.current_setting('max_parallel_workers_per_gather')::integer
        END AS shares
) AS here
CROSS JOIN LATERAL (
    SELECT least(1.5 * pg_catalog.pg_relation_size(c.oid) / 1024, 1024 * 1024) / here.shares AS kb
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
    WHERE owner.nspname = :'schema' AND c.relname = 'snapshot_' || :'state'
) AS wanted;
