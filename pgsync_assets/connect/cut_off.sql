-- Ends a session of ours that has lost its client: what it holds is free then.
SELECT pg_catalog.pg_terminate_backend(pid)
FROM pg_catalog.pg_stat_activity
WHERE pid = :'pid'::integer
    AND application_name = :'application_name'::text
    AND usename = current_user;
