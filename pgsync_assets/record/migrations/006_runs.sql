-- What people ask of a run: how long, how much, how often tried, by whom, of which version. Columns
-- that an older version did not write are NULL in its runs.

ALTER TABLE :"schema".sync_runs
    ADD COLUMN mode text,
    ADD COLUMN plan text CHECK (plan IN ('full', 'changes')),
    ADD COLUMN approved_at timestamptz,
    ADD COLUMN approved_by text,
    ADD COLUMN duration interval
        GENERATED ALWAYS AS (finished_at - coalesce(approved_at, started_at)) STORED,
    ADD COLUMN attempts integer CHECK (attempts > 0),
    ADD COLUMN run_by text,
    ADD COLUMN seconds jsonb,
    ADD COLUMN bytes bigint,
    ADD COLUMN bytes_read bigint,
    ADD COLUMN error_type text,
    ADD COLUMN sqlstate text,
    ADD COLUMN audit_level text
        CHECK (audit_level IN ('off', 'failures_only', 'keys', 'full')),
    ADD COLUMN code_version text,
    ADD COLUMN version text,
    ADD COLUMN source_version text,
    ADD COLUMN destination_version text;
COMMENT ON COLUMN :"schema".sync_runs.plan IS
    'full: every row of the model; changes: those that changed; NULL: it ended before its plan.';
COMMENT ON COLUMN :"schema".sync_runs.approved_at IS
    'When the plan, which was held, was approved; NULL: it was not held.';
COMMENT ON COLUMN :"schema".sync_runs.duration IS
    'From its start, or from the approval of a held plan, to its end; waits in between count.';
COMMENT ON COLUMN :"schema".sync_runs.attempts IS
    '1, and 1 for each time that it was interrupted while it wrote and another try went on.';
COMMENT ON COLUMN :"schema".sync_runs.seconds IS
    'By step, in the process that settled it.';
COMMENT ON COLUMN :"schema".sync_runs.bytes IS
    'Row data sent by the process that settled it; not what a process sent that died.';
COMMENT ON COLUMN :"schema".sync_runs.audit_level IS
    'What the log has of its rows: see `audit` of the sync.';
CREATE INDEX sync_runs_by_time ON :"schema".sync_runs (finished_at);

CREATE TABLE :"schema".resumed_runs (
    sync_run_id bigint PRIMARY KEY,
    attempts integer NOT NULL
);
COMMENT ON TABLE :"schema".resumed_runs IS
    'Runs that were interrupted and are not settled yet: how often they were tried.';
REVOKE ALL ON :"schema".resumed_runs FROM PUBLIC;
