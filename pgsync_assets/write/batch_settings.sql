-- How long a statement of a batch may take, and wait for a lock. Local to the batch's transaction.
SELECT
    pg_catalog.set_config('statement_timeout', :'statement_timeout', true),
    pg_catalog.set_config('lock_timeout', :'lock_timeout', true);
