-- Numbers of advisory locks that somebody holds in this database: a run holds one for its sync.
SELECT (classid::bigint << 32) | objid::bigint
FROM pg_catalog.pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND granted
    AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database());
