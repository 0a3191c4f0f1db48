-- First statement of every session: it may wait before its first transaction and between two while
-- another one works, for hours if need be. That is for the session to say, so only where it is all
-- ours: a pooler tells its clients another pid. Versions before 14 do not know the setting.
SELECT pg_catalog.set_config('idle_session_timeout', '0', false)
WHERE pg_catalog.pg_backend_pid() = :'backend_pid'::integer
    AND pg_catalog.current_setting('idle_session_timeout', true) <> '0';
