-- Distinct values of the columns of a table, as its last ANALYZE estimated them: above 0 a number,
-- below 0 a share of the rows. Only where hardly a row has changed since; of a partitioned table and
-- of a parent PostgreSQL does not say, and a standby does not know when it was.
SELECT s.attname, s.n_distinct
FROM pg_catalog.pg_stat_all_tables AS used
JOIN pg_catalog.pg_class AS relation ON relation.oid = used.relid
JOIN pg_catalog.pg_stats AS s
    ON s.schemaname = used.schemaname AND s.tablename = used.relname AND NOT s.inherited
WHERE used.schemaname = :'schema'
    AND used.relname = :'table'
    AND relation.relkind IN ('r', 'm')
    AND NOT relation.relhassubclass
    AND coalesce(used.last_analyze, used.last_autoanalyze) IS NOT NULL
    AND used.n_mod_since_analyze <= 0.1 * relation.reltuples
    AND s.n_distinct <> 0;
