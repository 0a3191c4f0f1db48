-- Retention: what a sync asks to be kept is known where its rows are, also when nobody has it any
-- more; and a run says when its log began to be less than it was.

ALTER TABLE :"schema".sync_runs
    ADD COLUMN keep jsonb,
    ADD COLUMN pruned_at timestamptz,
    ADD COLUMN looked_at timestamptz;
COMMENT ON COLUMN :"schema".sync_runs.keep IS
    'How long the sync asks to keep runs, changelog and statements; NULL: it does not say.';
COMMENT ON COLUMN :"schema".sync_runs.pruned_at IS
    'Since when retention has taken rows of this run from sync_changelog; NULL: all are there.';
COMMENT ON COLUMN :"schema".sync_runs.looked_at IS
    'When retention went through those that have to stay, as sync_snapshot shows them.';
