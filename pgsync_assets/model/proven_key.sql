-- Whether PostgreSQL itself guarantees that the key of a table model is unique and never NULL:
-- a valid unique index on some of its columns, without a predicate or expressions, in a relation
-- whose children it covers too (a parent of plain inheritance has none such), all of them NOT NULL.
-- Its operators and collations must not tell keys apart that the columns themselves call the same.
SELECT count(*) > 0
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = relation.relnamespace
JOIN pg_catalog.pg_index AS i ON i.indrelid = relation.oid
WHERE owner.nspname = :'schema'
    AND relation.relname = :'table'
    AND (relation.relkind = 'p' OR (relation.relkind = 'r' AND NOT relation.relhassubclass))
    AND i.indisunique
    AND i.indisvalid
    AND i.indimmediate
    AND i.indpred IS NULL
    AND i.indexprs IS NULL
    AND NOT EXISTS (
        SELECT
        FROM unnest(
            (i.indkey::smallint[])[0:i.indnkeyatts - 1],
            i.indcollation::oid[],
            i.indclass::oid[]
        ) AS indexed (number, collation_oid, class)
        LEFT JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = relation.oid AND a.attnum = indexed.number
        LEFT JOIN pg_catalog.pg_collation AS c ON c.oid = a.attcollation
        LEFT JOIN pg_catalog.pg_opclass AS used ON used.oid = indexed.class
        WHERE a.attname IS NULL
            OR NOT a.attname = ANY (:'key'::text[])
            OR NOT c.collisdeterministic AND c.oid <> indexed.collation_oid
            -- Of a type with an operator class of its own, an index may use another type's.
            OR EXISTS (
                WITH RECURSIVE base (type) AS (
                    SELECT a.atttypid
                    UNION ALL
                    SELECT domain.typbasetype
                    FROM base
                    JOIN pg_catalog.pg_type AS domain
                        ON domain.oid = base.type AND domain.typtype = 'd'
                )
                SELECT FROM pg_catalog.pg_opclass AS own
                WHERE own.opcdefault
                    AND own.opcmethod = used.opcmethod
                    AND own.opcintype IN (SELECT base.type FROM base)
                    AND own.opcintype <> used.opcintype
            )
    )
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = relation.oid AND a.attname = ANY (:'key'::text[])
            AND NOT a.attnotnull
    );
