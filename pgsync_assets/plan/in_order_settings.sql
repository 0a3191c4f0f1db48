-- A table is read from its first place to its last, in one piece. Local to the transaction.
SELECT
    pg_catalog.set_config('synchronize_seqscans', 'off', true),
    pg_catalog.set_config('max_parallel_workers_per_gather', '0', true),
    pg_catalog.set_config('enable_indexscan', 'off', true),
    pg_catalog.set_config('enable_bitmapscan', 'off', true);
