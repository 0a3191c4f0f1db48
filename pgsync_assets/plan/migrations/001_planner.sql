-- hightouch_planner: what was sent last time, and the plan of the current run.
-- Beside these fixed tables stand, for each row of `states`, `snapshot_<state>` (what the
-- destination accepted: rows in full, or key and digest) and, while a run is open or its plan is
-- held, `plan_<run>` (one row per change, with its image). All are logged: a crash of the server
-- loses nothing.

CREATE TABLE :"schema".installation (
    id uuid NOT NULL,
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one)
);
COMMENT ON TABLE :"schema".installation IS 'Who we are in the ledgers of the destinations.';
INSERT INTO :"schema".installation (id)
VALUES (pg_catalog.md5(pg_catalog.random()::text || pg_catalog.clock_timestamp()::text)::uuid);

CREATE TABLE :"schema".states (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sync text NOT NULL,
    partition text NOT NULL DEFAULT '',
    epoch bigint NOT NULL DEFAULT 0,
    shape jsonb,
    row_count bigint NOT NULL DEFAULT 0,
    ledger uuid,
    ledger_run bigint,
    installation uuid NOT NULL,
    cursor text,
    full_at timestamptz,
    CONSTRAINT one_state_per_partition UNIQUE (sync, partition)
);
COMMENT ON COLUMN :"schema".states.epoch IS 'Counts the runs that took the lock: the fence number.';
COMMENT ON COLUMN :"schema".states.shape IS
    'Columns, types and key of snapshot_<id>, and whether it holds rows or digests; NULL: none.';
COMMENT ON COLUMN :"schema".states.installation IS
    'Our name in the ledger. A state that came from another engine keeps the name it wrote under.';
COMMENT ON COLUMN :"schema".states.cursor IS 'Where the last comparison past a cursor ended.';
COMMENT ON COLUMN :"schema".states.full_at IS 'When the whole model was compared last.';
COMMENT ON COLUMN :"schema".states.ledger_run IS 'The last run that the ledger has to know.';

CREATE TABLE :"schema".runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state_id bigint NOT NULL REFERENCES :"schema".states,
    partition text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT 'started'
        CHECK (status IN ('started', 'planned', 'held', 'settled', 'superseded', 'failed')),
    started_at timestamptz NOT NULL DEFAULT now(),
    planned_at timestamptz,
    closed_at timestamptz,
    is_full boolean,
    fingerprint text,
    shape jsonb,
    batch_size integer,
    added bigint,
    changed bigint,
    removed bigint,
    invalid bigint,
    base_run bigint,
    cursor text,
    is_whole boolean,
    reason text,
    content text,
    approved_at timestamptz,
    approved_by text,
    stale_because text,
    CONSTRAINT planned_is_counted CHECK (status <> 'planned' OR (added + changed + removed) >= 0)
);
COMMENT ON COLUMN :"schema".runs.status IS
    'planned: under way; held: its plan is there to be looked at, nobody is writing it.';
COMMENT ON COLUMN :"schema".runs.base_run IS
    'The last run of the state that the plan was compared with: a held plan is stale without it.';
COMMENT ON COLUMN :"schema".runs.is_whole IS
    'The whole model (or partition) was compared, not only what lies past a cursor.';
COMMENT ON COLUMN :"schema".runs.reason IS 'Why the guard holds the plan.';
COMMENT ON COLUMN :"schema".runs.content IS
    'Fingerprint of the held rows: a plan that is made again keeps the number people know.';
COMMENT ON COLUMN :"schema".runs.approved_at IS
    'Somebody wants exactly this plan to be written: a sensor, or anybody, may apply it.';
COMMENT ON COLUMN :"schema".runs.stale_because IS
    'Why a plan that was held cannot be applied any more.';
CREATE UNIQUE INDEX one_run_under_way ON :"schema".runs (state_id)
    WHERE status IN ('started', 'planned');
CREATE UNIQUE INDEX one_plan_held ON :"schema".runs (state_id) WHERE status = 'held';
CREATE INDEX runs_of_a_state ON :"schema".runs (state_id, id);

CREATE TABLE :"schema".rejections (
    run_id bigint NOT NULL REFERENCES :"schema".runs,
    plan_row bigint NOT NULL,
    operation text NOT NULL CHECK (operation IN ('added', 'changed', 'removed')),
    row_id text NOT NULL,
    sqlstate text,
    constraint_name text,
    column_name text,
    reason text NOT NULL,
    PRIMARY KEY (run_id, plan_row)
);
COMMENT ON COLUMN :"schema".rejections.plan_row IS
    'Row of the plan; negative for rows that never got into it (NULL or repeated key).';

REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM PUBLIC;
