-- What sessions of ours hold in this database: how many there are, for how many seconds one of them
-- has kept vacuum from its work, how many transactions ago that began, and locks on tables that
-- are not ours, but for those that stop nobody from reading and writing.
SELECT
    count(*) AS sessions,
    coalesce(
        max(extract(epoch FROM clock_timestamp() - xact_start))
            FILTER (WHERE backend_xmin IS NOT NULL),
        0
    )::float AS seconds,
    coalesce(max(age(backend_xmin)), 0) AS transactions,
    (
        SELECT array_agg(DISTINCT lock.mode)
        FROM pg_catalog.pg_locks AS lock
        JOIN pg_catalog.pg_stat_activity AS holder USING (pid)
        JOIN pg_catalog.pg_class AS relation ON relation.oid = lock.relation
        WHERE holder.application_name LIKE 'pgsync/%'
            AND lock.database = (
                SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()
            )
            AND lock.granted
            AND lock.locktype = 'relation' -- a table that grows is locked for a moment, too
            AND relation.relnamespace = 'public'::regnamespace
            AND lock.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
    ) AS locks
FROM pg_catalog.pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'pgsync/%';
