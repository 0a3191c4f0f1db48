-- Which table a name stands for, and what columns of the table behind it are: number, type and
-- modifier. Whoever asks has written to it, and holds a lock until the transaction ends.
SELECT
    pg_catalog.to_regclass(:'target')::oid::bigint,
    (
        SELECT pg_catalog.array_agg(
            CASE WHEN a.attnum IS NOT NULL
                THEN pg_catalog.format('%s %s %s', a.attnum, a.atttypid, a.atttypmod)
            END
            ORDER BY wanted.place
        )
        FROM unnest(:'columns'::text[]) WITH ORDINALITY AS wanted (name, place)
        LEFT JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = :'table'::oid
            AND a.attname = wanted.name::name
            AND NOT a.attisdropped
    );
