-- The collation that pg_collation_for() has named, as it is written in SQL.
SELECT c.oid
FROM pg_catalog.pg_collation AS c
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.collnamespace
CROSS JOIN parse_ident(:'spelled') AS named (parts)
WHERE c.collname = named.parts[cardinality(named.parts)]
    AND c.collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))
    AND CASE cardinality(named.parts)
        WHEN 1 THEN pg_collation_is_visible(c.oid)
        ELSE owner.nspname = named.parts[1]
    END
ORDER BY c.collencoding DESC
LIMIT 1;
