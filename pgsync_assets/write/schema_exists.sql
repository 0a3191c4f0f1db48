-- Whether a schema is there; CREATE SCHEMA IF NOT EXISTS asks for CREATE on the database regardless.
SELECT count(*) > 0 AS is_there
FROM pg_catalog.pg_namespace
WHERE nspname = :'schema';
