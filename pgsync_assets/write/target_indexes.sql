-- Unique indexes of a destination table, and whether ON CONFLICT can infer each from its columns.
SELECT
    index_relation.relname,
    array(
        SELECT a.attname
        FROM unnest((i.indkey::smallint[])[0:i.indnkeyatts - 1])
            WITH ORDINALITY AS indexed (number, position)
        JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = i.indrelid AND a.attnum = indexed.number
        ORDER BY indexed.position
    )::text[] AS columns,
    CASE
        WHEN NOT i.indisvalid THEN 'it is not valid (REINDEX it)'
        WHEN NOT i.indimmediate THEN 'its constraint is deferrable'
        WHEN i.indpred IS NOT NULL THEN 'it is partial'
        WHEN i.indexprs IS NOT NULL THEN 'it is on an expression'
        WHEN i.indisexclusion THEN 'it is an exclusion constraint'
        WHEN EXISTS (
            SELECT FROM unnest(i.indcollation::oid[]) AS used (collation_oid)
            JOIN pg_catalog.pg_collation AS c ON c.oid = used.collation_oid
            WHERE NOT c.collisdeterministic
        ) THEN 'its collation calls different keys equal'
    END AS obstacle
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS index_relation ON index_relation.oid = i.indexrelid
WHERE i.indrelid = :'relation'::oid AND i.indisunique
ORDER BY i.indisprimary DESC, index_relation.relname;
