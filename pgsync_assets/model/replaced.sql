-- Tables that this transaction has read and that are others than its snapshot knows: swapped by a
-- rename, truncated or rewritten after it began. Their rows are newer than the snapshot, which
-- sees none of them; a name leads to the newest table all the same (documentation of PostgreSQL,
-- "Caveats" of Concurrency Control). What has been read is locked, so nothing changes any more.
--
-- pg_class is read by the snapshot, pg_relation_filenode() asks for what is now. A new index is
-- none of this, and what this transaction made itself it sees in both.
--
-- Materialized: what others hold may go away while its name is looked up, which is an error.
WITH held AS MATERIALIZED (
    SELECT relation
    FROM pg_catalog.pg_locks
    WHERE pid = pg_catalog.pg_backend_pid()
        AND locktype = 'relation'
        AND mode = 'AccessShareLock'
        AND granted
        AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
)
SELECT pg_catalog.string_agg(DISTINCT held.relation::pg_catalog.regclass::text, ', ')
FROM held
LEFT JOIN pg_catalog.pg_class AS known ON known.oid = held.relation
WHERE pg_catalog.pg_relation_filenode(held.relation) IS NOT NULL
    AND pg_catalog.pg_get_indexdef(held.relation) IS NULL
    AND (
        known.oid IS NULL
        OR (
            known.relfilenode <> 0
            AND known.relfilenode <> pg_catalog.pg_relation_filenode(held.relation)
        )
    );
