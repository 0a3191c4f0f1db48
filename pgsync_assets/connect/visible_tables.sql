-- Tables and views that our role may use in a given way, and some of their names; catalogs and
-- schemas of ours are left out.
WITH found AS (
    SELECT owner.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND NOT c.relispartition
        AND owner.nspname !~ '^pg_' AND owner.nspname <> 'information_schema'
        AND owner.nspname <> ALL (:'schemas'::text[])
        AND has_schema_privilege(owner.oid, 'USAGE')
        AND (
            has_table_privilege(c.oid, :'rights') OR has_any_column_privilege(c.oid, :'rights')
        )
)
SELECT
    count(*),
    count(DISTINCT schema),
    (SELECT array_agg(schema || '.' || name)
     FROM (SELECT * FROM found ORDER BY schema, name LIMIT 3) AS first)
FROM found;
