-- How long a statement of a batch may take, and wait for a lock; local to the batch's transaction.
-- And the time of the batch, by the destination's clock.
SELECT
    pg_catalog.now()::text,
    pg_catalog.set_config('statement_timeout', :'statement_timeout', true),
    pg_catalog.set_config('lock_timeout', :'lock_timeout', true);
