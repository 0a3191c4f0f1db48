-- The ledger: how far each sync has come, written in the transaction that wrote the rows.
-- A COMMIT whose reply was lost is decided by reading it.

CREATE TABLE :"schema".identity (
    id uuid NOT NULL,
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one)
);
COMMENT ON TABLE :"schema".identity IS 'Which destination this is; a copy of it keeps the name.';
INSERT INTO :"schema".identity (id)
VALUES (pg_catalog.md5(pg_catalog.random()::text || pg_catalog.clock_timestamp()::text)::uuid);

CREATE TABLE :"schema".ledger (
    installation uuid NOT NULL,
    sync text NOT NULL,
    partition text NOT NULL,
    fence bigint NOT NULL,
    run bigint NOT NULL,
    batch bigint NOT NULL,
    applied bigint NOT NULL,
    rejected bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (installation, sync, partition)
);
COMMENT ON COLUMN :"schema".ledger.fence IS 'Epoch of the run that may write; older ones may not.';

CREATE TABLE :"schema".rejects (
    installation uuid NOT NULL,
    sync text NOT NULL,
    partition text NOT NULL,
    run bigint NOT NULL,
    plan_row bigint NOT NULL,
    sqlstate text,
    constraint_name text,
    column_name text,
    reason text NOT NULL,
    PRIMARY KEY (installation, sync, partition, run, plan_row)
);

REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM PUBLIC;
