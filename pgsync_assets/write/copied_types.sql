-- Types of columns, by name, and bytes of the values that the relation stores apart (TOAST). Whoever
-- asks has locked the relation, so that the types stay so.
SELECT
    pg_catalog.array_agg(a.atttypid::bigint ORDER BY wanted.place),
    coalesce(max(pg_catalog.pg_relation_size(nullif(c.reltoastrelid, 0::oid))), 0)
FROM unnest(:'columns'::text[]) WITH ORDINALITY AS wanted (name, place)
JOIN pg_catalog.pg_class AS c ON c.oid = :'relation'::regclass
LEFT JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = c.oid
    AND a.attname = wanted.name::name
    AND NOT a.attisdropped;
