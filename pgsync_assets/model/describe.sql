-- Types of the columns of a result, as PostgreSQL writes them.
-- :'types' and :'modifiers' are arrays: type OIDs and type modifiers, in the order of the columns.
SELECT
    format_type(described.type, described.modifier),
    base.typtype = 'c' AS is_composite,
    base.typtype = 'p' AS is_pseudo,
    base.typcollation <> 0 AS is_collatable
FROM unnest(:'types'::oid[], :'modifiers'::integer[])
    WITH ORDINALITY AS described (type, modifier, position)
JOIN pg_catalog.pg_type AS base ON base.oid = described.type
ORDER BY described.position;
