-- Whether this connection is encrypted, as the server sees it; behind a pooler, its own last leg.
SELECT ssl, version, cipher FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid();
