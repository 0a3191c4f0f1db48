-- A sync that was renamed: its history keeps the name that it had, and is found under the new one.

CREATE TABLE :"schema".former_names (
    sync_id text NOT NULL,
    former_id text NOT NULL,
    until_run bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sync_id, former_id, until_run)
);
COMMENT ON COLUMN :"schema".former_names.until_run IS
    'Runs of the former name up to this one are of the sync; later ones are of another.';
REVOKE ALL ON :"schema".former_names FROM PUBLIC;
