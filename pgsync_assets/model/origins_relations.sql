-- Relations and all that is behind views among them: kind, columns, the query of a view, and which
-- columns of which relations it uses. Views of the system are not looked behind. To be run with an
-- empty search_path: then every name in a view's query has its schema.
WITH RECURSIVE reached (oid) AS (
    SELECT unnest(:'relations'::oid[])
    UNION
    SELECT used.refobjid
    FROM reached
    JOIN pg_catalog.pg_class AS view ON view.oid = reached.oid AND view.relkind IN ('v', 'm')
    JOIN pg_catalog.pg_namespace AS namespace
        ON namespace.oid = view.relnamespace
        AND namespace.nspname NOT IN ('pg_catalog', 'information_schema')
    JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = view.oid AND rule.ev_type = '1'
    JOIN pg_catalog.pg_depend AS used
        ON used.classid = 'pg_catalog.pg_rewrite'::regclass
        AND used.objid = rule.oid
        AND used.refclassid = 'pg_catalog.pg_class'::regclass
        AND used.refobjid <> view.oid
)
SELECT
    relation.oid,
    namespace.nspname::text AS schema,
    relation.relname::text AS name,
    relation.relkind::text AS kind,
    columns.numbers,
    columns.names,
    CASE
        WHEN relation.relkind IN ('v', 'm')
            AND namespace.nspname NOT IN ('pg_catalog', 'information_schema')
        THEN pg_catalog.pg_get_viewdef(relation.oid)
    END AS definition,
    uses.relations,
    uses.columns
FROM reached
JOIN pg_catalog.pg_class AS relation
    ON relation.oid = reached.oid AND relation.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND relation.relpersistence <> 't'
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
CROSS JOIN LATERAL (
    SELECT
        pg_catalog.array_agg(attnum::int ORDER BY attnum) AS numbers,
        pg_catalog.array_agg(attname::text ORDER BY attnum) AS names
    FROM pg_catalog.pg_attribute
    WHERE attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
) AS columns
CROSS JOIN LATERAL (
    SELECT
        pg_catalog.array_agg(used.refobjid ORDER BY used.refobjid, used.refobjsubid) AS relations,
        pg_catalog.array_agg(used.refobjsubid ORDER BY used.refobjid, used.refobjsubid) AS columns
    FROM pg_catalog.pg_rewrite AS rule
    JOIN pg_catalog.pg_depend AS used
        ON used.classid = 'pg_catalog.pg_rewrite'::regclass
        AND used.objid = rule.oid
        AND used.refclassid = 'pg_catalog.pg_class'::regclass
        AND used.refobjid <> relation.oid
    WHERE rule.ev_class = relation.oid AND rule.ev_type = '1'
) AS uses
ORDER BY namespace.nspname, relation.relname;
