-- What kind of types some types are, by OID. A domain has been resolved to its base type already:
-- that is how PostgreSQL describes the columns of a result.
SELECT
    base.typname,
    owner.nspname,
    base.typtype = 'e' AS is_enum,
    base.typcategory = 'S' AS is_text,
    base.typcategory = 'N' AS is_number
FROM unnest(:'types'::oid[]) WITH ORDINALITY AS described (type, position)
JOIN pg_catalog.pg_type AS base ON base.oid = described.type
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = base.typnamespace
ORDER BY described.position;
