-- When two values of a type are one key: by their text alone, or by something looser.
-- A type is taken apart (domain, array, range, composite) into the types that decide.
-- :'types', :'modifiers' and :'collations' are arrays: one entry for each column asked about.
WITH RECURSIVE part (number, type, modifier, collation_oid) AS (
    SELECT given.number, given.type, given.modifier, given.collation_oid
    FROM unnest(:'types'::oid[], :'modifiers'::integer[], :'collations'::oid[])
        WITH ORDINALITY AS given (type, modifier, collation_oid, number)
    UNION -- not UNION ALL: a table's row type may hold an array of itself
    SELECT part.number, inside.type, inside.modifier, inside.collation_oid
    FROM part
    JOIN pg_catalog.pg_type AS outer_type ON outer_type.oid = part.type
    CROSS JOIN LATERAL (
        SELECT
            outer_type.typbasetype,
            greatest(outer_type.typtypmod, part.modifier),
            part.collation_oid
        WHERE outer_type.typtype = 'd'
        UNION ALL
        SELECT outer_type.typelem, part.modifier, part.collation_oid
        WHERE outer_type.typtype = 'b' AND outer_type.typcategory = 'A' AND outer_type.typelem <> 0
        UNION ALL
        SELECT r.rngsubtype, -1, r.rngcollation
        FROM pg_catalog.pg_range AS r
        WHERE outer_type.typtype IN ('r', 'm')
            -- before 14 there is no column rngmultitypid
            AND outer_type.oid IN (r.rngtypid, (to_jsonb(r) ->> 'rngmultitypid')::oid)
        UNION ALL
        SELECT a.atttypid, a.atttypmod, a.attcollation
        FROM pg_catalog.pg_attribute AS a
        WHERE outer_type.typtype = 'c'
            AND a.attrelid = outer_type.typrelid
            AND a.attnum > 0
            AND NOT a.attisdropped
    ) AS inside (type, modifier, collation_oid)
)
SELECT
    part.number,
    bool_and(
        coalesce(c.collisdeterministic, true)
        AND (
            t.typtype = 'e'
            OR owner.nspname <> 'pg_catalog' AND t.typname IN ('ltree', 'hstore')
            OR owner.nspname = 'pg_catalog'
            AND (
                t.typname IN (
                    'bool', 'int2', 'int4', 'int8', 'oid', 'uuid', 'bytea', 'text', 'varchar',
                    'name', 'char', 'date', 'timestamp', 'timestamptz', 'time', 'timetz', 'inet',
                    'cidr', 'macaddr', 'macaddr8', 'bit', 'varbit', 'xid8', 'tid', 'pg_lsn'
                )
                -- With a modifier all values have the same digits behind the point.
                OR t.typname = 'numeric' AND part.modifier >= 0
            )
        )
    ) AS is_identity,
    bool_or(t.typname = 'bpchar' AND owner.nspname = 'pg_catalog') AS is_padded,
    bool_or(t.typname = 'citext' AND owner.nspname <> 'pg_catalog') AS is_citext,
    coalesce(
        array_agg(DISTINCT c.oid) FILTER (WHERE NOT c.collisdeterministic), '{}'
    ) AS collations
FROM part
JOIN pg_catalog.pg_type AS t ON t.oid = part.type
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_collation AS c ON c.oid = part.collation_oid
WHERE t.typtype NOT IN ('d', 'r', 'm', 'c')
    AND NOT (t.typtype = 'b' AND t.typcategory = 'A' AND t.typelem <> 0)
GROUP BY part.number;
