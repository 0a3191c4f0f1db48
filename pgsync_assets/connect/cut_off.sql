-- Ends a session of ours that has lost its client: what it holds is free then.
SELECT pg_catalog.pg_terminate_backend(pid)
FROM pg_catalog.pg_stat_activity
WHERE pid = :'pid'::integer
    AND usename = current_user
    -- In a transaction it has the number of the run behind it, or in the place of its middle.
    AND starts_with(application_name, left(:'application_name'::text, 20));
