-- Columns of a destination table, and what our role may do with each.
SELECT
    a.attname,
    format_type(a.atttypid, a.atttypmod),
    NOT a.attnotnull AS is_nullable,
    a.attgenerated <> '' AS is_generated,
    a.attidentity,
    a.atthasdef OR a.attidentity <> '' AS has_default,
    base.type_name,
    base.modifier,
    has_column_privilege(a.attrelid, a.attnum, 'INSERT') AS may_insert,
    has_column_privilege(a.attrelid, a.attnum, 'UPDATE') AS may_update,
    has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS may_select
FROM pg_catalog.pg_attribute AS a
CROSS JOIN LATERAL (
    -- A domain is stored as its base type, with the modifier of the innermost domain that has one.
    WITH RECURSIVE unwrapped (type, modifier) AS (
        SELECT a.atttypid, a.atttypmod
        UNION ALL
        SELECT d.typbasetype, greatest(d.typtypmod, unwrapped.modifier)
        FROM unwrapped
        JOIN pg_catalog.pg_type AS d ON d.oid = unwrapped.type AND d.typtype = 'd'
    )
    SELECT owner.nspname || '.' || t.typname AS type_name, unwrapped.modifier
    FROM unwrapped
    JOIN pg_catalog.pg_type AS t ON t.oid = unwrapped.type AND t.typtype <> 'd'
    JOIN pg_catalog.pg_namespace AS owner ON owner.oid = t.typnamespace
) AS base
WHERE a.attrelid = :'relation'::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;
