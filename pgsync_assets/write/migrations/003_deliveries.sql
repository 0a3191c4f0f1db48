-- Deliveries: rows that a user's own code wrote, each under a name, once.
-- pgsync_ledger says how far the one under way has come, this table remembers all of them.

CREATE TABLE :"schema".pgsync_deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    writer text NOT NULL,
    partition text NOT NULL,
    delivery text NOT NULL,
    content text NOT NULL,
    planned bigint NOT NULL,
    batch_ends bigint[] NOT NULL,
    batch bigint NOT NULL DEFAULT 0,
    applied bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    begun_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    UNIQUE (writer, partition, delivery),
    CHECK (finished_at IS NULL OR applied + rejected = planned)
);
COMMENT ON COLUMN :"schema".pgsync_deliveries.content IS
    'Digest of rows, table, columns and mode: the same delivery has the same.';
COMMENT ON COLUMN :"schema".pgsync_deliveries.batch IS
    'Its last committed batch, when another delivery followed or it was finished.';
REVOKE ALL ON :"schema".pgsync_deliveries FROM PUBLIC;
