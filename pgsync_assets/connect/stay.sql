-- First statement of every session: it may wait before its first transaction and between two while
-- another one works, for hours if need be; but not for a client whose host is gone. That is for the
-- session to say, so only where it is all ours: a pooler tells its clients another pid. Versions
-- before 14 do not know idle_session_timeout; a session by a Unix socket takes no probes.
SELECT
    pg_catalog.set_config('tcp_keepalives_idle', :'idle', false),
    pg_catalog.set_config('tcp_keepalives_interval', :'interval', false),
    pg_catalog.set_config('tcp_keepalives_count', :'probes', false),
    CASE
        WHEN pg_catalog.current_setting('idle_session_timeout', true) <> '0'
        THEN pg_catalog.set_config('idle_session_timeout', '0', false)
    END
WHERE pg_catalog.pg_backend_pid() = :'backend_pid'::integer;
