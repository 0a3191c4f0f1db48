-- hightouch_audit: what happened to every row. Hightouch's columns first, in its order; ours after.

CREATE TABLE :"schema".sync_runs (
    sync_id text NOT NULL,
    sync_run_id bigint NOT NULL,
    primary_key text,
    destination text,
    model_name text,
    model_id text,
    error text,
    status text NOT NULL CHECK (status IN ('succeeded', 'failed', 'held')),
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    num_planned_add bigint NOT NULL DEFAULT 0,
    num_planned_change bigint NOT NULL DEFAULT 0,
    num_planned_remove bigint NOT NULL DEFAULT 0,
    num_attempted_add bigint NOT NULL DEFAULT 0,
    num_attempted_change bigint NOT NULL DEFAULT 0,
    num_attempted_remove bigint NOT NULL DEFAULT 0,
    num_succeeded_add bigint NOT NULL DEFAULT 0,
    num_succeeded_change bigint NOT NULL DEFAULT 0,
    num_succeeded_remove bigint NOT NULL DEFAULT 0,
    num_failed_add bigint NOT NULL DEFAULT 0,
    num_failed_change bigint NOT NULL DEFAULT 0,
    num_failed_remove bigint NOT NULL DEFAULT 0,
    partition text NOT NULL DEFAULT '',
    destination_table text,
    engine text,
    batches bigint,
    row_count bigint,
    PRIMARY KEY (sync_run_id),
    CONSTRAINT attempted_is_planned_at_most CHECK (
        num_attempted_add <= num_planned_add
        AND num_attempted_change <= num_planned_change
        AND num_attempted_remove <= num_planned_remove),
    CONSTRAINT attempted_is_succeeded_or_failed CHECK (
        num_attempted_add = num_succeeded_add + num_failed_add
        AND num_attempted_change = num_succeeded_change + num_failed_change
        AND num_attempted_remove = num_succeeded_remove + num_failed_remove)
);
COMMENT ON COLUMN :"schema".sync_runs.status IS
    'held: a guard stopped it before its first write; its plan waits for somebody to look at it.';
CREATE INDEX sync_runs_of_a_sync ON :"schema".sync_runs (sync_id, sync_run_id);

CREATE TABLE :"schema".sync_changelog (
    sync_id text NOT NULL,
    sync_run_id bigint NOT NULL,
    row_id text NOT NULL,
    op_type text NOT NULL CHECK (op_type IN ('added', 'changed', 'removed')),
    status text NOT NULL CHECK (status IN ('succeeded', 'failed', 'aborted')),
    failure_reason text,
    fields jsonb,
    partition text NOT NULL DEFAULT '',
    plan_row bigint NOT NULL,
    PRIMARY KEY (sync_run_id, plan_row)
);
CREATE INDEX sync_changelog_of_a_row ON :"schema".sync_changelog (sync_id, row_id);

CREATE TABLE :"schema".sync_snapshot (
    sync_id text NOT NULL,
    sync_run_id bigint NOT NULL,
    row_id text NOT NULL,
    op_type text NOT NULL CHECK (op_type IN ('added', 'changed', 'removed')),
    status text NOT NULL CHECK (status IN ('succeeded', 'failed', 'aborted')),
    failure_reason text,
    fields jsonb,
    partition text NOT NULL DEFAULT '',
    PRIMARY KEY (sync_id, row_id)
);
CREATE INDEX sync_snapshot_of_failures ON :"schema".sync_snapshot (sync_id, partition)
    WHERE status <> 'succeeded';

REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM PUBLIC;
