-- Who holds the lock of a sync, or of a partition of it, and since when. A session of another role
-- does not say since when it is there; who claimed the sync before the lock was taken is not meant.
SELECT claimed.claimed_by, coalesce(holder.xact_start, claimed.claimed_at) AS since
FROM pg_catalog.pg_locks AS lock
JOIN pg_catalog.pg_stat_activity AS holder ON holder.pid = lock.pid
LEFT JOIN LATERAL (
    SELECT claimed_by, claimed_at
    FROM :"planner".states
    WHERE sync = :'sync' AND (claimed_at >= holder.xact_start OR holder.xact_start IS NULL)
    ORDER BY partition = :'partition' DESC, claimed_at DESC
    LIMIT 1
) AS claimed ON true
WHERE lock.locktype = 'advisory' AND lock.granted AND lock.pid <> pg_catalog.pg_backend_pid()
    AND lock.database = (
        SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
    )
    AND lock.objsubid = 1 -- one key of 64 bits
    AND ((lock.classid::bigint << 32) | lock.objid::bigint) = ANY (:'keys'::bigint[])
ORDER BY lock.mode, since -- ExclusiveLock before the one that partitions share
LIMIT 1;
