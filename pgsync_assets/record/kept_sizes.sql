-- What tables take on disk with indexes and TOAST, those that inherit from them with them, and how
-- many rows PostgreSQL believes they have; a table that is not there is left out.
SELECT
    wanted.name,
    sum(pg_catalog.pg_total_relation_size(part.oid))::bigint,
    sum(greatest(part.reltuples, 0))::bigint
FROM unnest(:'tables'::text[]) AS wanted (name)
JOIN pg_catalog.pg_namespace AS owner ON owner.nspname = :'schema'
JOIN pg_catalog.pg_class AS top
    ON top.relnamespace = owner.oid AND top.relkind = 'r' AND (top.relname = wanted.name
        OR wanted.name = 'sync_changelog' -- a view of these
            AND top.relname IN ('changelog_rows', 'changelog_columns'))
JOIN pg_catalog.pg_class AS part ON part.oid = top.oid OR part.oid IN (
    SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = top.oid
)
GROUP BY wanted.name;
