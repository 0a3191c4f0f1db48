-- The debugger's record: what a run sent, batch by batch. Shapes of statements, never their values.

CREATE TABLE :"schema".sync_batches (
    sync_id text NOT NULL,
    sync_run_id bigint NOT NULL,
    batch bigint NOT NULL,
    attempt integer NOT NULL,
    partition text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL,
    duration interval NOT NULL,
    first_row bigint NOT NULL,
    last_row bigint NOT NULL,
    rows bigint NOT NULL,
    removals bigint NOT NULL,
    rejected bigint NOT NULL,
    bytes bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('committed', 'rolled_back', 'unknown')),
    sqlstate text,
    error text,
    statements bigint NOT NULL,
    PRIMARY KEY (sync_run_id, batch, attempt)
);
COMMENT ON TABLE :"schema".sync_batches IS
    'Transactions of the destination, as often as each was tried. Batch 0 is what came before the '
    'first one.';
COMMENT ON COLUMN :"schema".sync_batches.first_row IS
    'The batch has the rows first_row < row <= last_row of its run''s plan.';
COMMENT ON COLUMN :"schema".sync_batches.rows IS
    'Rows that were sent, removals and those that were refused among them.';
COMMENT ON COLUMN :"schema".sync_batches.status IS
    'unknown: the connection was lost, so that its COMMIT may have arrived or not.';
COMMENT ON COLUMN :"schema".sync_batches.statements IS
    'Statements that were sent, those that are not kept in sync_statements among them.';

CREATE TABLE :"schema".sync_statement_texts (
    sync_run_id bigint NOT NULL,
    statement bigint NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (sync_run_id, statement)
);
COMMENT ON TABLE :"schema".sync_statement_texts IS
    'Each statement of a run once: as it was sent, without values of rows.';

CREATE TABLE :"schema".sync_statements (
    sync_run_id bigint NOT NULL,
    batch bigint NOT NULL,
    attempt integer NOT NULL,
    step integer NOT NULL,
    action text NOT NULL,
    first_row bigint,
    last_row bigint,
    rows bigint,
    bytes bigint,
    started_at timestamptz NOT NULL,
    duration interval NOT NULL,
    sqlstate text,
    error text,
    statement bigint NOT NULL,
    PRIMARY KEY (sync_run_id, batch, attempt, step)
);
COMMENT ON COLUMN :"schema".sync_statements.rows IS
    'As PostgreSQL counted them; NULL where it counts none, and where the statement failed.';

REVOKE ALL ON :"schema".sync_batches, :"schema".sync_statements, :"schema".sync_statement_texts
    FROM PUBLIC;
