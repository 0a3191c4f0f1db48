-- Foreign keys by which a DELETE on a table reaches other tables, those behind them included.
WITH RECURSIVE deleted (relation) AS (
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
    WHERE owner.nspname = :'schema' AND c.relname = :'table'
    UNION
    SELECT reference.conrelid
    FROM deleted
    JOIN pg_catalog.pg_constraint AS reference
        ON reference.confrelid = deleted.relation
        AND reference.contype = 'f'
        AND reference.confdeltype = 'c'
        AND reference.conparentid = 0
)
SELECT
    owner.nspname || '.' || referrer.relname AS referring,
    reference.conname,
    reference.confdeltype
FROM deleted
JOIN pg_catalog.pg_constraint AS reference
    ON reference.confrelid = deleted.relation
    AND reference.contype = 'f'
    AND reference.confdeltype IN ('c', 'n', 'd')
    AND reference.conparentid = 0
JOIN pg_catalog.pg_class AS referrer ON referrer.oid = reference.conrelid
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = referrer.relnamespace
ORDER BY referring, reference.conname;
