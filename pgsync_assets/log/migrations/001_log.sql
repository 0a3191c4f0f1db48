-- The log of a destination: what syncs do here, for the owner of this database, who need not see
-- where the rows come from. No key, no value of a row and no secret is ever written here.

CREATE TABLE :"schema".syncs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    installation uuid NOT NULL,
    sync text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('sync', 'writer')),
    source text,
    model text,
    engine text,
    mode text NOT NULL,
    delete_behavior text NOT NULL,
    destination_table text NOT NULL,
    columns text[],
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (installation, sync)
);
COMMENT ON TABLE :"schema".syncs IS 'What writes to this database: one row for each sync or writer.';
COMMENT ON COLUMN :"schema".syncs.id IS 'Names the sync in the other tables; stays when it is renamed.';
COMMENT ON COLUMN :"schema".syncs.installation IS
    'Which planner knows the sync: two projects may have one of the same name.';
COMMENT ON COLUMN :"schema".syncs.sync IS 'Its name.';
COMMENT ON COLUMN :"schema".syncs.kind IS
    'sync: of a model; writer: rows that somebody''s own code delivers.';
COMMENT ON COLUMN :"schema".syncs.source IS
    'Name of the connection that the rows come from; NULL for a writer.';
COMMENT ON COLUMN :"schema".syncs.model IS 'Name of the model; NULL for a writer.';
COMMENT ON COLUMN :"schema".syncs.engine IS
    'Where it is found out what changed: lightning (source), standard (platform).';
COMMENT ON COLUMN :"schema".syncs.mode IS 'upsert, insert, update or mirror.';
COMMENT ON COLUMN :"schema".syncs.delete_behavior IS
    'What is done here to a row that left the model: do_nothing, delete_row, soft_delete, clear_fields.';
COMMENT ON COLUMN :"schema".syncs.destination_table IS 'The table that it writes to, as schema.table.';
COMMENT ON COLUMN :"schema".syncs.columns IS
    'Columns of the table that it writes; NULL until it has written.';
COMMENT ON COLUMN :"schema".syncs.first_seen_at IS 'When it was told of here first.';
COMMENT ON COLUMN :"schema".syncs.last_seen_at IS
    'When a run of it began to write here, or ended, last.';

CREATE TABLE :"schema".runs (
    sync_id bigint NOT NULL REFERENCES :"schema".syncs (id) ON DELETE CASCADE,
    run bigint NOT NULL,
    partition text NOT NULL DEFAULT '',
    row_count_of text NOT NULL DEFAULT '',
    destination_table text NOT NULL,
    status text NOT NULL
        CHECK (status IN ('running', 'interrupted', 'succeeded', 'failed', 'held')),
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    last_batch_at timestamptz,
    batches bigint,
    batches_done bigint NOT NULL DEFAULT 0,
    rows_planned bigint,
    rows_written bigint NOT NULL DEFAULT 0,
    rows_added bigint,
    rows_changed bigint,
    rows_removed bigint NOT NULL DEFAULT 0,
    rows_rejected bigint NOT NULL DEFAULT 0,
    row_count bigint,
    bytes bigint NOT NULL DEFAULT 0,
    error text,
    sqlstate text,
    PRIMARY KEY (sync_id, run),
    CONSTRAINT written_is_added_or_changed CHECK (rows_written = rows_added + rows_changed),
    CONSTRAINT an_end_has_a_time CHECK ((finished_at IS NULL) = (status IN ('running', 'interrupted')))
);
COMMENT ON TABLE :"schema".runs IS
    'One row for each run. What a batch did is counted in the transaction that wrote its rows.';
COMMENT ON COLUMN :"schema".runs.sync_id IS 'Of which sync: syncs.id.';
COMMENT ON COLUMN :"schema".runs.run IS
    'Its number: sync_run_id of the audit at the source; id in pgsync_deliveries for a writer.';
COMMENT ON COLUMN :"schema".runs.partition IS 'The slice of the model that it was about; empty for all.';
COMMENT ON COLUMN :"schema".runs.row_count_of IS
    'What row_count counts: the rows of this partition; empty: those of the whole sync.';
COMMENT ON COLUMN :"schema".runs.destination_table IS 'The table that it wrote to, as schema.table.';
COMMENT ON COLUMN :"schema".runs.status IS
    'running; interrupted: the next run goes on with it; succeeded; failed; held: a guard stopped it '
    'before its first row, and its plan waits for somebody.';
COMMENT ON COLUMN :"schema".runs.started_at IS
    'When it began, by this server''s clock; while it runs: when it began to write here.';
COMMENT ON COLUMN :"schema".runs.finished_at IS
    'When it ended, by this server''s clock; NULL while it runs or is interrupted.';
COMMENT ON COLUMN :"schema".runs.last_batch_at IS 'When its last batch was written.';
COMMENT ON COLUMN :"schema".runs.batches IS 'Batches of its plan; each is one transaction.';
COMMENT ON COLUMN :"schema".runs.batches_done IS 'Batches that are in.';
COMMENT ON COLUMN :"schema".runs.rows_planned IS 'Changes that it was to write.';
COMMENT ON COLUMN :"schema".runs.rows_written IS
    'Rows that the table took: rows_added + rows_changed, which are known when it has ended.';
COMMENT ON COLUMN :"schema".runs.rows_added IS 'Of these, rows that are new in the model.';
COMMENT ON COLUMN :"schema".runs.rows_changed IS 'Of these, rows that were sent before.';
COMMENT ON COLUMN :"schema".runs.rows_removed IS
    'Rows that left the model; what is done to them here: syncs.delete_behavior.';
COMMENT ON COLUMN :"schema".runs.rows_rejected IS
    'Rows that are not here as the model has them: refused by this database, or for their key.';
COMMENT ON COLUMN :"schema".runs.row_count IS
    'Rows that the sync knows to be here, after this run; NULL while it runs, and for a writer.';
COMMENT ON COLUMN :"schema".runs.bytes IS 'Bytes of row data that were sent.';
COMMENT ON COLUMN :"schema".runs.error IS
    'Why it failed, is held or was interrupted; never values of rows.';
COMMENT ON COLUMN :"schema".runs.sqlstate IS
    'What PostgreSQL answered, where that is why and where it is known.';
CREATE INDEX runs_of_a_state ON :"schema".runs (sync_id, row_count_of, run);
CREATE INDEX runs_that_are_open ON :"schema".runs (sync_id) WHERE finished_at IS NULL;
CREATE INDEX runs_by_age ON :"schema".runs (started_at);

CREATE TABLE :"schema".log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time_stamp timestamptz NOT NULL DEFAULT clock_timestamp(),
    sync_id bigint NOT NULL REFERENCES :"schema".syncs (id) ON DELETE CASCADE,
    run bigint,
    event text NOT NULL CHECK (event IN ('INFO', 'WARNING', 'SEVERE')),
    message_event text NOT NULL,
    message_data jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE :"schema".log IS 'What happened, one event after the other.';
COMMENT ON COLUMN :"schema".log.id IS 'Its number.';
COMMENT ON COLUMN :"schema".log.time_stamp IS 'When, by this server''s clock.';
COMMENT ON COLUMN :"schema".log.sync_id IS 'Of which sync: syncs.id.';
COMMENT ON COLUMN :"schema".log.run IS 'Of which run: runs.run; NULL where it is of none.';
COMMENT ON COLUMN :"schema".log.event IS 'INFO, WARNING, or SEVERE: somebody has to act.';
COMMENT ON COLUMN :"schema".log.message_event IS
    'sync_start, records_modified, rows_rejected, sync_interrupted, sync_end, sync_forgotten, '
    'create_schema, create_table or alter_table.';
COMMENT ON COLUMN :"schema".log.message_data IS
    'schema, table, and by message_event: operationType, count, batch, reasons, status, error ..';
CREATE INDEX log_by_age ON :"schema".log (time_stamp);
CREATE INDEX log_of_a_run ON :"schema".log (sync_id, run);

CREATE VIEW :"schema".tables AS
SELECT
    syncs.destination_table,
    syncs.sync,
    syncs.kind,
    syncs.source,
    syncs.mode,
    counted.row_count,
    success.finished_at AS last_success_at,
    now() - success.finished_at AS age,
    newest.run AS last_run,
    newest.status AS last_status,
    newest.error AS last_error,
    syncs.id AS sync_id
FROM :"schema".syncs
LEFT JOIN LATERAL (
    SELECT run, status, error
    FROM :"schema".runs WHERE sync_id = syncs.id
    ORDER BY run DESC LIMIT 1
) AS newest ON true
LEFT JOIN LATERAL (
    SELECT finished_at
    FROM :"schema".runs WHERE sync_id = syncs.id AND status = 'succeeded'
    ORDER BY run DESC LIMIT 1
) AS success ON true
LEFT JOIN LATERAL (
    SELECT sum(of_one.row_count)::bigint AS row_count
    FROM (
        SELECT DISTINCT ON (row_count_of) row_count
        FROM :"schema".runs WHERE sync_id = syncs.id AND row_count IS NOT NULL
        ORDER BY row_count_of, run DESC
    ) AS of_one
) AS counted ON true;
COMMENT ON VIEW :"schema".tables IS
    'Each table that is written, by each sync that writes it: how old it is, and how its last run ended.';
COMMENT ON COLUMN :"schema".tables.destination_table IS 'The table, as schema.table.';
COMMENT ON COLUMN :"schema".tables.sync IS 'Name of the sync.';
COMMENT ON COLUMN :"schema".tables.kind IS 'See syncs.';
COMMENT ON COLUMN :"schema".tables.source IS 'See syncs.';
COMMENT ON COLUMN :"schema".tables.mode IS 'See syncs.';
COMMENT ON COLUMN :"schema".tables.row_count IS
    'Rows of the table that are of this sync, as far as it knows; of all partitions together.';
COMMENT ON COLUMN :"schema".tables.last_success_at IS 'When its last run that succeeded ended.';
COMMENT ON COLUMN :"schema".tables.age IS 'How long ago that is.';
COMMENT ON COLUMN :"schema".tables.last_run IS 'Number of its last run.';
COMMENT ON COLUMN :"schema".tables.last_status IS 'How that ended; see runs.';
COMMENT ON COLUMN :"schema".tables.last_error IS 'Why it failed, where it did.';
COMMENT ON COLUMN :"schema".tables.sync_id IS 'Of which sync: syncs.id.';

CREATE VIEW :"schema".open_runs AS
SELECT
    runs.destination_table,
    syncs.sync,
    runs.run,
    runs.partition,
    runs.status,
    runs.started_at,
    runs.last_batch_at,
    now() - coalesce(runs.last_batch_at, runs.started_at) AS silent_for,
    runs.batches_done,
    runs.batches,
    runs.error,
    runs.sync_id
FROM :"schema".runs
JOIN :"schema".syncs ON syncs.id = runs.sync_id
WHERE runs.finished_at IS NULL;
COMMENT ON VIEW :"schema".open_runs IS
    'Runs that have not told their end: they are under way, or have died. A run that died stays '
    'until the next run of its sync, which goes on with it or tells how it ended.';
COMMENT ON COLUMN :"schema".open_runs.destination_table IS 'The table, as schema.table.';
COMMENT ON COLUMN :"schema".open_runs.sync IS 'Name of the sync.';
COMMENT ON COLUMN :"schema".open_runs.run IS 'See runs.';
COMMENT ON COLUMN :"schema".open_runs.partition IS 'See runs.';
COMMENT ON COLUMN :"schema".open_runs.status IS 'running or interrupted.';
COMMENT ON COLUMN :"schema".open_runs.started_at IS 'When it began to write here.';
COMMENT ON COLUMN :"schema".open_runs.last_batch_at IS 'When its last batch was written.';
COMMENT ON COLUMN :"schema".open_runs.silent_for IS 'How long ago it wrote or began.';
COMMENT ON COLUMN :"schema".open_runs.batches_done IS 'Batches that are in.';
COMMENT ON COLUMN :"schema".open_runs.batches IS 'Batches of its plan.';
COMMENT ON COLUMN :"schema".open_runs.error IS 'Why it was interrupted, where that was told.';
COMMENT ON COLUMN :"schema".open_runs.sync_id IS 'Of which sync: syncs.id.';

CREATE VIEW :"schema".rejected AS
SELECT
    log.time_stamp,
    syncs.sync,
    log.run,
    pg_catalog.concat_ws('.', log.message_data ->> 'schema', log.message_data ->> 'table')
        AS destination_table,
    reason.sqlstate,
    reason.constraint_name,
    reason.column_name,
    reason.rows,
    log.sync_id
FROM :"schema".log
JOIN :"schema".syncs ON syncs.id = log.sync_id
CROSS JOIN LATERAL jsonb_to_recordset(log.message_data -> 'reasons')
    AS reason (sqlstate text, constraint_name text, column_name text, rows bigint)
WHERE log.message_event = 'rows_rejected';
COMMENT ON VIEW :"schema".rejected IS
    'What this database refused, batch by batch: how many rows and why, never which.';
COMMENT ON COLUMN :"schema".rejected.time_stamp IS 'When, by this server''s clock.';
COMMENT ON COLUMN :"schema".rejected.sync IS 'Name of the sync.';
COMMENT ON COLUMN :"schema".rejected.run IS 'See runs.';
COMMENT ON COLUMN :"schema".rejected.destination_table IS 'The table, as schema.table.';
COMMENT ON COLUMN :"schema".rejected.sqlstate IS
    'What PostgreSQL answered; NULL where a row was swallowed without an error.';
COMMENT ON COLUMN :"schema".rejected.constraint_name IS 'The constraint that refused it, if any.';
COMMENT ON COLUMN :"schema".rejected.column_name IS 'The column that refused its value, if any.';
COMMENT ON COLUMN :"schema".rejected.rows IS 'How many rows of the batch.';
COMMENT ON COLUMN :"schema".rejected.sync_id IS 'Of which sync: syncs.id.';

-- Whoever may use the schema may read the log: that right is its owner's to give, and one GRANT lets
-- a role see what is there and what later versions add. Nobody has it unless it was given.
REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM PUBLIC;
GRANT SELECT ON :"schema".syncs, :"schema".runs, :"schema".log, :"schema".tables,
    :"schema".open_runs, :"schema".rejected TO PUBLIC;
