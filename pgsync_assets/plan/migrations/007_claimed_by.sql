-- Who runs a sync, for those who find that it is running.
ALTER TABLE :"schema".states ADD COLUMN claimed_by text, ADD COLUMN claimed_at timestamptz;
COMMENT ON COLUMN :"schema".states.claimed_by IS
    'Who began the last run: a run of Dagster, or the user of a command.';
