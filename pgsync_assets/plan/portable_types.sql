-- Which types of another server PostgreSQL itself has here, under the same name.
SELECT wanted.spelled
FROM unnest(:'types'::text[]) AS wanted (spelled)
JOIN pg_catalog.pg_type AS known
    ON known.oid = pg_catalog.to_regtype(pg_catalog.regexp_replace(wanted.spelled, '\(.*\)', ''))
WHERE known.typnamespace = 'pg_catalog'::regnamespace;
