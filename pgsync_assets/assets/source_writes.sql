-- How often each table has been written, as a fingerprint that differs after every change.
--   :'schemas', :'tables'  names of the tables, two arrays of the same length
-- Partitions and children count as their parent, and for a view those that it reads. A materialised
-- view counts itself. TRUNCATE and REFRESH write no row that is counted, but give the table a new
-- file: hence relfilenode. Counters begin anew where statistics are reset: hence the time of that.
-- A standby does not count what it replays.
WITH RECURSIVE family AS (
    SELECT named.position, relation.oid
    FROM unnest(:'schemas'::text[], :'tables'::text[])
        WITH ORDINALITY AS named (schema_name, table_name, position)
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.nspname = named.schema_name
    JOIN pg_catalog.pg_class AS relation
        ON relation.relnamespace = namespace.oid AND relation.relname = named.table_name
    UNION
    SELECT family.position, part.oid
    FROM family
    CROSS JOIN LATERAL (
        SELECT child.inhrelid AS oid
        FROM pg_catalog.pg_inherits AS child
        WHERE child.inhparent = family.oid
        UNION ALL
        SELECT used.refobjid
        FROM pg_catalog.pg_class AS seen
        JOIN pg_catalog.pg_rewrite AS query ON query.ev_class = seen.oid
        JOIN pg_catalog.pg_depend AS used
            ON used.classid = 'pg_catalog.pg_rewrite'::regclass AND used.objid = query.oid
            AND used.refclassid = 'pg_catalog.pg_class'::regclass
        JOIN pg_catalog.pg_class AS behind ON behind.oid = used.refobjid
        WHERE seen.oid = family.oid AND seen.relkind = 'v' AND behind.relkind <> 'S'
    ) AS part
)
SELECT
    family.position,
    CASE
        WHEN pg_catalog.pg_is_in_recovery() THEN 'standby'
        WHEN NOT pg_catalog.current_setting('track_counts')::boolean THEN 'track_counts'
        WHEN bool_or(relation.relkind = 'f') THEN 'foreign'
        WHEN NOT bool_or(relation.relkind IN ('r', 'p', 'm')) THEN 'no table'
    END AS uncounted,
    concat_ws(
        '/',
        sum(pg_catalog.pg_stat_get_tuples_inserted(relation.oid)),
        sum(pg_catalog.pg_stat_get_tuples_updated(relation.oid)),
        sum(pg_catalog.pg_stat_get_tuples_deleted(relation.oid)),
        sum(relation.relfilenode::bigint),
        sum(relation.relnatts),
        sum(
            (
                SELECT sum(query.xmin::text::bigint)
                FROM pg_catalog.pg_rewrite AS query
                WHERE query.ev_class = relation.oid AND relation.relkind = 'v'
            )
        ),
        (
            SELECT extract(EPOCH FROM pg_catalog.pg_stat_get_db_stat_reset_time(here.oid))
            FROM pg_catalog.pg_database AS here
            WHERE here.datname = pg_catalog.current_database()
        )
    ) AS fingerprint
FROM family
JOIN pg_catalog.pg_class AS relation ON relation.oid = family.oid
GROUP BY family.position
ORDER BY family.position
