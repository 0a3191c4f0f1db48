-- The process of the server that answers.
SELECT pg_catalog.pg_backend_pid();
