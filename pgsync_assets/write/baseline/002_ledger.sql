-- The ledger where there is none yet: as migrations 001 and 002 would leave it. The schema may be
-- somebody else's: names are our own, and nothing that is not ours is touched.

CREATE TABLE :"schema".pgsync_identity (
    id uuid NOT NULL,
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one)
);
COMMENT ON TABLE :"schema".pgsync_identity IS 'Which destination this is; a copy of it keeps the name.';
INSERT INTO :"schema".pgsync_identity (id)
VALUES (pg_catalog.md5(pg_catalog.random()::text || pg_catalog.clock_timestamp()::text)::uuid);

CREATE TABLE :"schema".pgsync_ledger (
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
COMMENT ON COLUMN :"schema".pgsync_ledger.fence IS 'Epoch of the run that may write; older ones may not.';

CREATE TABLE :"schema".pgsync_rejects (
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

REVOKE ALL ON
    :"schema".pgsync_identity, :"schema".pgsync_ledger, :"schema".pgsync_rejects
FROM PUBLIC;
