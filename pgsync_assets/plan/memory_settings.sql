-- For sums of buckets and for sorting keys: some megabytes that PostgreSQL takes for too many. It
-- cannot know how few buckets there are, expects one for each row and would sort all of them. Local
-- to the transaction; more, where it is set, stays.
SELECT pg_catalog.set_config(
    'work_mem',
    greatest(pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) / 1024, 65536)::text,
    true
);
