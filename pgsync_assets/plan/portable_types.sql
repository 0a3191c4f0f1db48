-- Which types of another server PostgreSQL itself has here, under the same name.
-- Types whose text is a name looked up in a catalog (regclass and the like) are not the same here.
SELECT wanted.spelled
FROM unnest(:'types'::text[]) AS wanted (spelled)
JOIN pg_catalog.pg_type AS known
    ON known.oid = pg_catalog.to_regtype(pg_catalog.regexp_replace(wanted.spelled, '\(.*\)', ''))
WHERE known.typnamespace = 'pg_catalog'::regnamespace AND known.typname !~ '^_?reg';
