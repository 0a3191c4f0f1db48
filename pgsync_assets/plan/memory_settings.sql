-- For sums of buckets and for sorting keys: some megabytes that PostgreSQL takes for too many. Local to
-- the transaction; more, where it is set, stays.
SELECT pg_catalog.set_config(
    'work_mem',
    greatest(pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) / 1024, 65536)::text,
    true
);
