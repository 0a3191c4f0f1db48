-- A type as PostgreSQL spells it, and its name in the catalog.
SELECT format_type(t.oid, :'modifier'::integer), t.typname
FROM pg_catalog.pg_type AS t
WHERE t.oid = :'type'::oid;
