-- Each change is written once. A big run has its rows in a table of its own, and how rows stand is
-- read from the log in place of being written beside it.
--
-- sync_changelog is the parent of `changelog_<run>`: who reads it reads them all. It holds runs of
-- ordinary size itself, and every row that is not succeeded. A table of a run has CHECK constraints
-- with its sync_id, its sync_run_id and `status = 'succeeded'`, by which PostgreSQL passes it over.
-- The log of such a run is forgotten by dropping its table, which locks nothing else; but rows that
-- sync_snapshot shows (the newest success of each row) have to stay as long as that is to tell.

-- A view of somebody's on these tables would stand in the way, or go on with half of the rows.
DO $$
DECLARE
    views text;
BEGIN
    SELECT pg_catalog.string_agg(DISTINCT shown.oid::regclass::text, ', ') INTO views
    FROM pg_catalog.pg_depend AS reads
    JOIN pg_catalog.pg_rewrite AS rule ON rule.oid = reads.objid
    JOIN pg_catalog.pg_class AS shown ON shown.oid = rule.ev_class
    JOIN pg_catalog.pg_class AS known ON known.oid = reads.refobjid
    WHERE reads.classid = 'pg_catalog.pg_rewrite'::regclass
        AND reads.refclassid = 'pg_catalog.pg_class'::regclass
        AND known.relname IN ('sync_changelog', 'sync_snapshot')
        AND EXISTS ( -- an audit that is not migrated yet
            SELECT FROM pg_catalog.pg_class AS old
            WHERE old.relnamespace = known.relnamespace AND old.relname = 'sync_snapshot'
                AND old.relkind = 'r');
    IF views IS NOT NULL THEN
        RAISE EXCEPTION 'the tables of the audit change, and views read them: %; drop these, run '
            'any sync, and make them again', views USING ERRCODE = '0A000';
    END IF;
END $$;

ALTER TABLE :"schema".sync_changelog
    ADD COLUMN batch bigint,
    ALTER COLUMN row_id TYPE text COLLATE "C";
COMMENT ON COLUMN :"schema".sync_changelog.plan_row IS
    'Number in the plan, from 1; negative: never in it, as its key is NULL or repeated.';
COMMENT ON COLUMN :"schema".sync_changelog.batch IS
    'Of the plan; NULL: never in it, or of a version that did not note it.';
CREATE INDEX sync_changelog_of_failures ON :"schema".sync_changelog (sync_id, sync_run_id)
    WHERE status <> 'succeeded';

-- Rows that are not at the destination as the model has them. The table has the grants that
-- sync_snapshot had; the view gets them below.
ALTER TABLE :"schema".sync_snapshot RENAME TO snapshot_failures;
DELETE FROM :"schema".snapshot_failures WHERE status = 'succeeded';
DROP INDEX :"schema".sync_snapshot_of_failures;
ALTER TABLE :"schema".snapshot_failures
    ALTER COLUMN row_id TYPE text COLLATE "C",
    DROP CONSTRAINT sync_snapshot_status_check,
    ADD CHECK (status IN ('failed', 'aborted'));
ALTER INDEX :"schema".sync_snapshot_pkey RENAME TO snapshot_failures_pkey;

-- Whose rows the log tells of, where that is not the sync that it names.
CREATE TABLE :"schema".snapshot_moved (
    logged_as text NOT NULL,
    after_run bigint NOT NULL,
    until_run bigint NOT NULL,
    sync_id text,
    PRIMARY KEY (logged_as, until_run)
);
COMMENT ON TABLE :"schema".snapshot_moved IS
    'Runs of logged_as behind after_run, up to until_run: of sync_id now; NULL: nobody''s rows.';
INSERT INTO :"schema".snapshot_moved (logged_as, after_run, until_run, sync_id)
SELECT DISTINCT ON (former_id, until_run) former_id,
    coalesce(lag(until_run) OVER (PARTITION BY former_id ORDER BY until_run), 0), until_run, sync_id
FROM :"schema".former_names;

-- Keys that are written in another spelling since: `Bob` is `bob`, 1.0 is 1.00.
CREATE TABLE :"schema".snapshot_gone (
    sync_id text NOT NULL,
    row_id text COLLATE "C" NOT NULL,
    until_run bigint NOT NULL,
    PRIMARY KEY (sync_id, row_id)
);

CREATE VIEW :"schema".snapshot_log AS
SELECT log.sync_id AS of_sync, log.*
FROM :"schema".sync_changelog AS log
WHERE log.status = 'succeeded' AND NOT EXISTS (
    SELECT FROM :"schema".snapshot_moved AS moved
    WHERE moved.logged_as = log.sync_id AND log.sync_run_id <= moved.until_run
)
UNION ALL
SELECT moved.sync_id, log.*
FROM :"schema".snapshot_moved AS moved
JOIN :"schema".sync_changelog AS log
    ON log.sync_id = moved.logged_as
    AND log.sync_run_id > moved.after_run AND log.sync_run_id <= moved.until_run
WHERE log.status = 'succeeded' AND moved.sync_id IS NOT NULL;
COMMENT ON VIEW :"schema".snapshot_log IS 'What was delivered, by the sync whose rows they are now.';

CREATE VIEW :"schema".sync_snapshot AS
SELECT sync_id, sync_run_id, row_id, op_type, status, failure_reason, fields, partition
FROM :"schema".snapshot_failures
UNION ALL
SELECT log.of_sync, log.sync_run_id, log.row_id, log.op_type, 'succeeded', NULL, log.fields,
    log.partition
FROM :"schema".snapshot_log AS log
WHERE log.op_type <> 'removed'
    AND NOT EXISTS (
        SELECT FROM :"schema".snapshot_log AS newer
        WHERE newer.of_sync = log.of_sync AND newer.row_id = log.row_id
            AND (newer.sync_run_id, newer.plan_row) > (log.sync_run_id, log.plan_row)
    )
    AND NOT EXISTS (
        SELECT FROM :"schema".snapshot_failures AS failure
        WHERE failure.sync_id = log.of_sync AND failure.row_id = log.row_id
    )
    AND NOT EXISTS (
        SELECT FROM :"schema".snapshot_gone AS gone
        WHERE gone.sync_id = log.of_sync AND gone.row_id = log.row_id
            AND log.sync_run_id <= gone.until_run
    );
COMMENT ON VIEW :"schema".sync_snapshot IS
    'How each row stands: the newest success of the log, or why it is not at the destination.';

-- Who could read how rows stand still can: a view has its own grants.
DO $$
DECLARE
    allowed record;
BEGIN
    FOR allowed IN
        SELECT DISTINCT granted.grantee::regrole AS role, table_of.relnamespace::regnamespace AS place
        FROM pg_catalog.pg_class AS table_of
        CROSS JOIN LATERAL pg_catalog.aclexplode(table_of.relacl) AS granted
        WHERE table_of.relname = 'snapshot_failures' AND granted.privilege_type = 'SELECT'
            AND granted.grantee <> 0 AND granted.grantee <> table_of.relowner
            AND pg_catalog.pg_has_role(table_of.relowner, 'USAGE')
            AND EXISTS (SELECT FROM pg_catalog.pg_class AS shown WHERE shown.relname = 'sync_snapshot'
                AND shown.relnamespace = table_of.relnamespace)
    LOOP
        EXECUTE pg_catalog.format(
            'GRANT SELECT ON %s.sync_snapshot TO %s', allowed.place, allowed.role);
    END LOOP;
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM PUBLIC;
