-- Tables that hold the rows of a destination, are published and have no replica identity, so that
-- PostgreSQL refuses the published changes (trap 27): which ones, and a unique index that would do.
SELECT
    owner.nspname,
    leaf.relname,
    string_agg(DISTINCT published.pubname::text, ', '),
    bool_or(publication.pubupdate) AS has_updates,
    bool_or(publication.pubdelete) AS has_deletes,
    (
        SELECT index_relation.relname
        FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS index_relation ON index_relation.oid = i.indexrelid
        WHERE i.indrelid = leaf.oid
            AND i.indisunique
            AND i.indimmediate
            AND i.indisvalid
            AND i.indpred IS NULL
            AND i.indexprs IS NULL
            AND NOT EXISTS (
                SELECT
                FROM pg_catalog.pg_attribute AS a
                WHERE a.attrelid = leaf.oid
                    AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1])
                    AND NOT a.attnotnull
            )
        ORDER BY i.indisprimary DESC, index_relation.relname
        LIMIT 1
    ) AS candidate
FROM (
    SELECT :'relation'::oid AS oid
    UNION
    SELECT part.relid FROM pg_partition_tree(:'relation'::oid::regclass) AS part
) AS part
JOIN pg_catalog.pg_class AS leaf ON leaf.oid = part.oid AND leaf.relkind = 'r'
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = leaf.relnamespace
CROSS JOIN LATERAL (
    SELECT leaf.oid
    UNION
    SELECT ancestor.relid FROM pg_partition_ancestors(leaf.oid) AS ancestor
) AS it
JOIN pg_catalog.pg_class AS named ON named.oid = it.oid
JOIN pg_catalog.pg_namespace AS place ON place.oid = named.relnamespace
JOIN pg_catalog.pg_publication_tables AS published
    ON published.schemaname = place.nspname AND published.tablename = named.relname
JOIN pg_catalog.pg_publication AS publication ON publication.pubname = published.pubname
WHERE leaf.relreplident <> 'f'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = leaf.oid
            AND i.indisvalid
            AND i.indimmediate
            AND CASE leaf.relreplident
                WHEN 'd' THEN i.indisprimary
                WHEN 'i' THEN i.indisreplident
                ELSE false
            END
    )
GROUP BY owner.nspname, leaf.relname, leaf.oid
ORDER BY owner.nspname, leaf.relname;
