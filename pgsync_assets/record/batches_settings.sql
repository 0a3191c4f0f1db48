-- Nobody waits for lines about what was sent: a crash of the server may take the last of them.
SELECT pg_catalog.set_config('synchronous_commit', 'off', true);
