-- A plan table has no statistics: the planner would scan all of it for every batch.
SELECT
    pg_catalog.set_config('enable_seqscan', 'off', true),
    pg_catalog.set_config('max_parallel_workers_per_gather', '0', true);
