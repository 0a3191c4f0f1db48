-- Rows by a public name: the values of some columns of their key are hashed (HMAC-SHA-256).

CREATE FUNCTION :"schema".hashed(value text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT pg_catalog.encode(pg_catalog.sha256(
        pg_catalog.decode(nullif(pg_catalog.current_setting('pgsync.hash_outer'), ''), 'hex')
        || pg_catalog.sha256(
            pg_catalog.decode(nullif(pg_catalog.current_setting('pgsync.hash_inner'), ''), 'hex')
            || pg_catalog.convert_to(value, 'UTF8'))), 'hex')
$$;
COMMENT ON FUNCTION :"schema".hashed(text) IS
    'The hash of a value; its key is set for one transaction, by whoever has it.';

CREATE FUNCTION :"schema".row_name(row_id text, hashed integer[], columns integer) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN hashed = '{}' OR row_id IN ('(null)', '(forgotten)') THEN row_id ELSE (
        SELECT CASE columns WHEN 1 THEN min(shown #>> '{}')
            ELSE pg_catalog.jsonb_agg(shown ORDER BY n)::text END
        FROM (
            SELECT n, CASE WHEN n = ANY (hashed) AND part <> 'null' THEN pg_catalog.to_jsonb(
                    pg_catalog.encode(pg_catalog.sha256(
                        pg_catalog.decode(
                            nullif(pg_catalog.current_setting('pgsync.hash_outer'), ''), 'hex')
                        || pg_catalog.sha256(
                            pg_catalog.decode(
                                nullif(pg_catalog.current_setting('pgsync.hash_inner'), ''), 'hex')
                            || pg_catalog.convert_to(part #>> '{}', 'UTF8'))), 'hex'))
                ELSE part END AS shown
            FROM pg_catalog.jsonb_array_elements(CASE columns WHEN 1
                THEN pg_catalog.jsonb_build_array(row_id) ELSE row_id::jsonb END)
                WITH ORDINALITY AS parts (part, n)
        ) AS parts
    ) END
$$;
COMMENT ON FUNCTION :"schema".row_name(text, integer[], integer) IS
    'The name of a row, of its plain one: which of how many columns of the key are hashed.';

CREATE TABLE :"schema".row_names (
    sync_id text PRIMARY KEY,
    mark text NOT NULL
);
COMMENT ON TABLE :"schema".row_names IS
    'How rows of sync_snapshot are named, where a column of their key is hashed.';
COMMENT ON COLUMN :"schema".row_names.mark IS
    'Which columns of the key are hashed, and a hash that is another one with another key.';

-- How rows stood when they got other names: the log has them under the old ones.
CREATE TABLE :"schema".snapshot_named (
    sync_id text NOT NULL,
    sync_run_id bigint NOT NULL,
    row_id text COLLATE "C" NOT NULL,
    op_type text NOT NULL,
    fields jsonb,
    partition text NOT NULL,
    is_new boolean NOT NULL DEFAULT true,
    PRIMARY KEY (sync_id, row_id)
);

CREATE OR REPLACE VIEW :"schema".snapshot_log AS
SELECT log.sync_id AS of_sync, log.sync_id, log.sync_run_id, log.row_id, log.op_type, log.status,
    log.failure_reason, log.fields, log.partition, log.plan_row, log.batch
FROM :"schema".sync_changelog AS log
WHERE log.status = 'succeeded' AND log.row_id <> '(forgotten)' AND NOT EXISTS (
    SELECT FROM :"schema".snapshot_moved AS moved
    WHERE moved.logged_as = log.sync_id
        AND log.sync_run_id > moved.after_run AND log.sync_run_id <= moved.until_run
)
UNION ALL
SELECT moved.sync_id, log.sync_id, log.sync_run_id, log.row_id, log.op_type, log.status,
    log.failure_reason, log.fields, log.partition, log.plan_row, log.batch
FROM :"schema".snapshot_moved AS moved
JOIN :"schema".sync_changelog AS log
    ON log.sync_id = moved.logged_as
    AND log.sync_run_id > moved.after_run AND log.sync_run_id <= moved.until_run
WHERE log.status = 'succeeded' AND log.row_id <> '(forgotten)' AND moved.sync_id IS NOT NULL
UNION ALL
SELECT sync_id, sync_id, sync_run_id, row_id, op_type, 'succeeded', NULL, fields, partition, 0, NULL
FROM :"schema".snapshot_named;

CREATE TABLE :"schema".forgotten (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sync_id text NOT NULL,
    forgotten_at timestamptz NOT NULL DEFAULT now(),
    forgotten_by text NOT NULL,
    removed jsonb NOT NULL
);
COMMENT ON TABLE :"schema".forgotten IS
    'When somebody had a row forgotten, and how many rows of each table it was in; never its key.';
REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA :"schema" FROM PUBLIC;
