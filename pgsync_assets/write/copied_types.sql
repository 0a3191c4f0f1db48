-- Types of columns, by name. Whoever asks has locked the relation, so that they stay so.
SELECT pg_catalog.array_agg(a.atttypid::bigint ORDER BY wanted.place)
FROM unnest(:'columns'::text[]) WITH ORDINALITY AS wanted (name, place)
LEFT JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = :'relation'::regclass
    AND a.attname = wanted.name::name
    AND NOT a.attisdropped;
