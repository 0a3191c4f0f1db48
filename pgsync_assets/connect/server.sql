-- What kind of server this is. Asked before anything is pinned: it may be one that we do not know.
SELECT
    pg_catalog.version(),
    pg_catalog.current_setting('server_encoding');
