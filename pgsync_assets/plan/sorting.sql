-- Sums of buckets are made without sorting. PostgreSQL cannot know how few buckets there are: it
-- expects one for each row, and of more rows than work_mem holds it would sort all digests on its disk
-- first, to come to some megabytes of sums (3M rows: 1.6 times the time, 0.6 GB). `on` or `off`; local
-- to the transaction.
SELECT pg_catalog.set_config('enable_sort', :'sorting', true);
