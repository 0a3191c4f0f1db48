-- One row for each row of a sync that is refused now: how often it was tried, why it was refused
-- last, and whether it is tried again. `rejections` says the same of each single run.

ALTER TABLE :"schema".rejections ADD COLUMN key text[];
COMMENT ON COLUMN :"schema".rejections.key IS 'The columns of the key, as text.';

CREATE TABLE :"schema".refused_rows (
    state_id bigint NOT NULL REFERENCES :"schema".states,
    row_id text NOT NULL,
    key text[] NOT NULL,
    partition text NOT NULL DEFAULT '',
    operation text NOT NULL CHECK (operation IN ('added', 'changed', 'removed')),
    attempts bigint NOT NULL CHECK (attempts > 0),
    first_run bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_run bigint NOT NULL,
    last_at timestamptz NOT NULL,
    sqlstate text,
    constraint_name text,
    column_name text,
    reason text NOT NULL,
    is_parked boolean NOT NULL DEFAULT false,
    seen_run bigint,
    PRIMARY KEY (state_id, row_id)
);
COMMENT ON COLUMN :"schema".refused_rows.partition IS 'Where the row was seen last.';
COMMENT ON COLUMN :"schema".refused_rows.attempts IS 'Settled runs that tried the row.';
COMMENT ON COLUMN :"schema".refused_rows.is_parked IS
    'No run tries it until it is released: the sync says `retry_rejected: false`.';
COMMENT ON COLUMN :"schema".refused_rows.seen_run IS
    'The last run that found it and did not try it: parked, or in another partition now.';

REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM PUBLIC;
