-- Rows that a run did not try: earlier ones were refused them, and they are parked since.

ALTER TABLE :"schema".sync_runs ADD COLUMN num_parked bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN :"schema".sync_runs.num_parked IS
    'Rows that were refused before and are not tried (`retry_rejected: false`); in no other count.';
