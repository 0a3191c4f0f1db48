-- Changes that a run found and was asked to leave to the next one (a row limit, only rejected rows).

ALTER TABLE :"schema".sync_runs ADD COLUMN num_left bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN :"schema".sync_runs.num_left IS
    'Changes that were left to the next run, as somebody asked for a part; in no other count.';
