-- Sessions that hold a lock on a table with which a batch may have collided, the longest transaction
-- first. Of a locked row nobody is told who has it: but they have a lock on its table, too.
SELECT a.pid, a.usename, a.application_name
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'relation'
    AND l.granted
    AND l.mode <> 'AccessShareLock'
    AND l.relation = ANY (:'relations'::oid[])
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    AND l.pid <> pg_catalog.pg_backend_pid()
    AND a.usename IS NOT NULL -- autovacuum gives way by itself
GROUP BY a.pid, a.usename, a.application_name, a.xact_start
ORDER BY a.xact_start, a.pid
LIMIT 3;
