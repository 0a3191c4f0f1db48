-- Ends a session of ours that has lost its client: what it holds is free then.
SELECT pg_catalog.pg_terminate_backend(pid)
FROM pg_catalog.pg_stat_activity
WHERE pid = :'pid'::integer
    AND usename = current_user
    -- A long name is cut here.
    AND application_name <> '' AND starts_with(:'application_name'::text, application_name);
