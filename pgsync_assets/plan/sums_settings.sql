-- For the sums of buckets, which fit into memory: PostgreSQL cannot know how few they are, expects
-- one for each row and would sort all of them. Local to the transaction; more, where it is set, stays.
SELECT pg_catalog.set_config(
    'work_mem',
    greatest(pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) / 1024, 65536)::text,
    true
);
