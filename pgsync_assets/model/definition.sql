-- What types are made of. Arrays, composites and ranges are taken apart down to types that are not;
-- a domain is what it is based on: its CHECKs speak at the destination, about one row.
-- :'types' is an array of OIDs. A modifier of a column is not part of its type.
WITH RECURSIVE part (number, type, modifier, place, path, outer_types) AS (
    SELECT given.number, given.type, -1, ARRAY[]::integer[], '' COLLATE "C", ARRAY[]::oid[]
    FROM unnest(:'types'::oid[]) WITH ORDINALITY AS given (type, number)
    UNION ALL
    SELECT
        part.number,
        inside.type,
        inside.modifier,
        part.place || inside.place,
        part.path || inside.step COLLATE "C",
        part.outer_types || part.type
    FROM part
    JOIN pg_catalog.pg_type AS outer_type ON outer_type.oid = part.type
    CROSS JOIN LATERAL (
        SELECT
            outer_type.typbasetype,
            greatest(outer_type.typtypmod, part.modifier),
            0,
            ''
        WHERE outer_type.typtype = 'd'
        UNION ALL
        SELECT outer_type.typelem, part.modifier, 0, '[]'
        WHERE outer_type.typcategory = 'A' AND outer_type.typelem <> 0
            AND outer_type.typtype = 'b'
        UNION ALL
        SELECT r.rngsubtype, -1, 0, '.bound'
        FROM pg_catalog.pg_range AS r
        WHERE r.rngtypid = outer_type.oid
        UNION ALL
        SELECT r.rngtypid, -1, 0, '.range'
        FROM pg_catalog.pg_range AS r
        WHERE outer_type.typtype = 'm'
            -- before 14 there is no column rngmultitypid
            AND (to_jsonb(r) ->> 'rngmultitypid')::oid = outer_type.oid
        UNION ALL
        SELECT a.atttypid, a.atttypmod, a.attnum, '.' || quote_ident(a.attname)
        FROM pg_catalog.pg_attribute AS a
        WHERE outer_type.typtype = 'c'
            AND a.attrelid = outer_type.typrelid
            AND a.attnum > 0
            AND NOT a.attisdropped
    ) AS inside (type, modifier, place, step)
    WHERE NOT part.type = ANY (part.outer_types) -- a table's row type may hold an array of itself
)
SELECT
    part.number,
    part.path,
    CASE t.typtype
        WHEN 'c' THEN 'composite '
        WHEN 'e' THEN 'enum '
        WHEN 'r' THEN 'range '
        ELSE ''
    END
    || CASE
        -- The same type may be in another schema there.
        WHEN owner.nspname = 'pg_catalog' THEN format_type(part.type, part.modifier)
        ELSE quote_ident(t.typname)
            || coalesce(substring(format_type(part.type, part.modifier) FROM '\([^()"]*\)$'), '')
    END
    || coalesce((
        -- Which values are empty, and how the others are written, is decided by these.
        SELECT
            concat_ws(
                ' ',
                ' by', class.opcname,
                'collation ' || nullif(c.collname, 'default'),
                'canonical ' || canonical.proname
            )
        FROM pg_catalog.pg_range AS r
        JOIN pg_catalog.pg_opclass AS class ON class.oid = r.rngsubopc
        LEFT JOIN pg_catalog.pg_collation AS c ON c.oid = r.rngcollation
        LEFT JOIN pg_catalog.pg_proc AS canonical ON canonical.oid = r.rngcanonical
        WHERE r.rngtypid = part.type AND owner.nspname <> 'pg_catalog'
    ), '') AS made_of,
    CASE
        WHEN owner.nspname <> 'pg_catalog' THEN NULL
        WHEN t.typname LIKE 'reg%' OR t.typname = 'aclitem'
        THEN 'a value of it stands for an object of one database'
        WHEN t.typname LIKE 'pg\_brin\_%' OR t.typname IN (
            'gtsvector', 'pg_dependencies', 'pg_mcv_list', 'pg_ndistinct', 'pg_node_tree'
        )
        THEN 'PostgreSQL writes values of it, and reads none'
    END AS obstacle
FROM part
JOIN pg_catalog.pg_type AS t ON t.oid = part.type
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = t.typnamespace
WHERE t.typtype <> 'd'
    AND NOT (t.typtype = 'b' AND t.typcategory = 'A' AND t.typelem <> 0)
ORDER BY part.number, part.place, part.path;
