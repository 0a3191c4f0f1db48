-- The values of a big run stand in columns of their own types; JSON is made of them when somebody
-- asks for it. sync_changelog becomes a view of two kinds of tables:
--
-- changelog_rows, which was sync_changelog, has values as JSON, and is the parent of the tables of
-- big runs without values. changelog_columns has no rows, and is the parent of those with values: so
-- many columns of each type, of which `columns` says by their order whose values they have, for all
-- rows of a table at once. What found no column is in `fields`. A line that was forgotten has none.

-- A view of somebody's on the table would go on, with half of the rows.
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
        AND known.relname = 'sync_changelog' AND known.relkind = 'r'
        AND (shown.relname <> 'snapshot_log' OR shown.relnamespace <> known.relnamespace)
        AND EXISTS ( -- an audit of ours
            SELECT FROM pg_catalog.pg_class AS ours
            WHERE ours.relnamespace = known.relnamespace AND ours.relname = 'snapshot_log'
                AND ours.relkind = 'v');
    IF views IS NOT NULL THEN
        RAISE EXCEPTION 'sync_changelog becomes a view, and views read the table: %; drop these, '
            'run any sync, and make them again', views USING ERRCODE = '0A000';
    END IF;
END $$;

ALTER TABLE :"schema".sync_changelog RENAME TO changelog_rows;

CREATE TABLE :"schema".changelog_columns (
    LIKE :"schema".changelog_rows INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    columns text[],
    integer_1 bigint, integer_2 bigint, integer_3 bigint, integer_4 bigint, integer_5 bigint,
    integer_6 bigint, integer_7 bigint, integer_8 bigint, integer_9 bigint, integer_10 bigint,
    integer_11 bigint, integer_12 bigint,
    numeric_1 numeric, numeric_2 numeric, numeric_3 numeric, numeric_4 numeric, numeric_5 numeric,
    numeric_6 numeric, numeric_7 numeric, numeric_8 numeric,
    double_1 double precision, double_2 double precision, double_3 double precision,
    double_4 double precision,
    boolean_1 boolean, boolean_2 boolean, boolean_3 boolean, boolean_4 boolean, boolean_5 boolean,
    boolean_6 boolean, boolean_7 boolean, boolean_8 boolean,
    date_1 date, date_2 date, date_3 date, date_4 date,
    timestamp_1 timestamp, timestamp_2 timestamp, timestamp_3 timestamp, timestamp_4 timestamp,
    instant_1 timestamptz, instant_2 timestamptz, instant_3 timestamptz, instant_4 timestamptz,
    instant_5 timestamptz, instant_6 timestamptz,
    uuid_1 uuid, uuid_2 uuid, uuid_3 uuid, uuid_4 uuid,
    jsonb_1 jsonb, jsonb_2 jsonb, jsonb_3 jsonb, jsonb_4 jsonb,
    text_1 text COLLATE pg_catalog."C", text_2 text COLLATE pg_catalog."C",
    text_3 text COLLATE pg_catalog."C", text_4 text COLLATE pg_catalog."C",
    text_5 text COLLATE pg_catalog."C", text_6 text COLLATE pg_catalog."C",
    text_7 text COLLATE pg_catalog."C", text_8 text COLLATE pg_catalog."C",
    text_9 text COLLATE pg_catalog."C", text_10 text COLLATE pg_catalog."C",
    text_11 text COLLATE pg_catalog."C", text_12 text COLLATE pg_catalog."C",
    text_13 text COLLATE pg_catalog."C", text_14 text COLLATE pg_catalog."C",
    text_15 text COLLATE pg_catalog."C", text_16 text COLLATE pg_catalog."C",
    text_17 text COLLATE pg_catalog."C", text_18 text COLLATE pg_catalog."C",
    text_19 text COLLATE pg_catalog."C", text_20 text COLLATE pg_catalog."C",
    text_21 text COLLATE pg_catalog."C", text_22 text COLLATE pg_catalog."C",
    text_23 text COLLATE pg_catalog."C", text_24 text COLLATE pg_catalog."C",
    CONSTRAINT rows_are_in_tables_of_runs CHECK (false) NO INHERIT
);
COMMENT ON TABLE :"schema".changelog_columns IS
    'The tables of big runs inherit from it; to be read as sync_changelog.';
COMMENT ON COLUMN :"schema".changelog_columns.columns IS
    'Whose values the columns behind it have, in their order; NULL: the row was forgotten.';

CREATE VIEW :"schema".sync_changelog AS
SELECT sync_id, sync_run_id, row_id, op_type, status, failure_reason, fields, partition, plan_row,
    batch
FROM :"schema".changelog_rows
UNION ALL
SELECT log.sync_id, log.sync_run_id, log.row_id, log.op_type, log.status, log.failure_reason,
    CASE WHEN log.columns IS NOT NULL THEN (
        SELECT coalesce(pg_catalog.jsonb_object_agg(stored.name, CASE
                -- of an instant: it was shown in UTC
                WHEN stored.place BETWEEN 41 AND 46 THEN to_jsonb(pg_catalog.regexp_replace(
                    stored.value #>> '{}', '([0-9])( BC)?$', '\1+00:00\2'))
                ELSE stored.value
            END), '{}') || coalesce(log.fields, '{}')
        FROM unnest(log.columns, ARRAY[
            to_jsonb(log.integer_1), to_jsonb(log.integer_2), to_jsonb(log.integer_3),
            to_jsonb(log.integer_4), to_jsonb(log.integer_5), to_jsonb(log.integer_6),
            to_jsonb(log.integer_7), to_jsonb(log.integer_8), to_jsonb(log.integer_9),
            to_jsonb(log.integer_10), to_jsonb(log.integer_11), to_jsonb(log.integer_12),
            to_jsonb(log.numeric_1), to_jsonb(log.numeric_2), to_jsonb(log.numeric_3),
            to_jsonb(log.numeric_4), to_jsonb(log.numeric_5), to_jsonb(log.numeric_6),
            to_jsonb(log.numeric_7), to_jsonb(log.numeric_8),
            to_jsonb(log.double_1), to_jsonb(log.double_2), to_jsonb(log.double_3),
            to_jsonb(log.double_4),
            to_jsonb(log.boolean_1), to_jsonb(log.boolean_2), to_jsonb(log.boolean_3),
            to_jsonb(log.boolean_4), to_jsonb(log.boolean_5), to_jsonb(log.boolean_6),
            to_jsonb(log.boolean_7), to_jsonb(log.boolean_8),
            to_jsonb(log.date_1), to_jsonb(log.date_2), to_jsonb(log.date_3), to_jsonb(log.date_4),
            to_jsonb(log.timestamp_1), to_jsonb(log.timestamp_2), to_jsonb(log.timestamp_3),
            to_jsonb(log.timestamp_4),
            to_jsonb(timezone('UTC', log.instant_1)), to_jsonb(timezone('UTC', log.instant_2)),
            to_jsonb(timezone('UTC', log.instant_3)), to_jsonb(timezone('UTC', log.instant_4)),
            to_jsonb(timezone('UTC', log.instant_5)), to_jsonb(timezone('UTC', log.instant_6)),
            to_jsonb(log.uuid_1), to_jsonb(log.uuid_2), to_jsonb(log.uuid_3), to_jsonb(log.uuid_4),
            to_jsonb(log.jsonb_1), to_jsonb(log.jsonb_2), to_jsonb(log.jsonb_3),
            to_jsonb(log.jsonb_4),
            to_jsonb(log.text_1), to_jsonb(log.text_2), to_jsonb(log.text_3), to_jsonb(log.text_4),
            to_jsonb(log.text_5), to_jsonb(log.text_6), to_jsonb(log.text_7), to_jsonb(log.text_8),
            to_jsonb(log.text_9), to_jsonb(log.text_10), to_jsonb(log.text_11),
            to_jsonb(log.text_12), to_jsonb(log.text_13), to_jsonb(log.text_14),
            to_jsonb(log.text_15), to_jsonb(log.text_16), to_jsonb(log.text_17),
            to_jsonb(log.text_18), to_jsonb(log.text_19), to_jsonb(log.text_20),
            to_jsonb(log.text_21), to_jsonb(log.text_22), to_jsonb(log.text_23),
            to_jsonb(log.text_24)
        ]) WITH ORDINALITY AS stored (name, value, place)
        WHERE stored.name IS NOT NULL
    ) END,
    log.partition, log.plan_row, log.batch
FROM :"schema".changelog_columns AS log;
COMMENT ON VIEW :"schema".sync_changelog IS 'What happened to each row, and why.';
COMMENT ON COLUMN :"schema".sync_changelog.plan_row IS
    'Number in the plan, from 1; negative: never in it, as its key is NULL or repeated.';
COMMENT ON COLUMN :"schema".sync_changelog.batch IS
    'Of the plan; NULL: never in it, or of a version that did not note it.';

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

-- Who could read the table can read the view, which has its own grants.
DO $$
DECLARE
    allowed record;
BEGIN
    FOR allowed IN
        SELECT DISTINCT granted.grantee::regrole AS role, table_of.relnamespace::regnamespace AS place
        FROM pg_catalog.pg_class AS table_of
        CROSS JOIN LATERAL pg_catalog.aclexplode(table_of.relacl) AS granted
        WHERE table_of.relname = 'changelog_rows' AND granted.privilege_type = 'SELECT'
            AND granted.grantee <> 0 AND granted.grantee <> table_of.relowner
            AND pg_catalog.pg_has_role(table_of.relowner, 'USAGE')
            AND EXISTS (SELECT FROM pg_catalog.pg_class AS shown
                WHERE shown.relname = 'sync_changelog' AND shown.relkind = 'v'
                    AND shown.relnamespace = table_of.relnamespace)
    LOOP
        EXECUTE pg_catalog.format(
            'GRANT SELECT ON %s.sync_changelog TO %s', allowed.place, allowed.role);
    END LOOP;
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM PUBLIC;
