-- Unique indexes of a destination table, and exclusion constraints, which look alike: whether
-- ON CONFLICT infers each from its columns (and predicate), and whether rows can be matched by it.
-- Which columns an expression or a predicate reads, only its tree says.
SELECT
    index_relation.relname,
    array(
        SELECT a.attname
        FROM (
            SELECT * FROM unnest((i.indkey::smallint[])[0:i.indnkeyatts - 1]) WITH ORDINALITY
            UNION ALL
            SELECT read.number[1]::smallint, NULL  -- by an expression
            FROM regexp_matches(i.indexprs::text, ':varattno (\d+)', 'g') AS read (number)
        ) AS indexed (number, position)
        JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = i.indrelid AND a.attnum = indexed.number
        ORDER BY indexed.position
    )::text[] AS columns,
    CASE
        WHEN NOT i.indisvalid AND index_relation.relkind = 'I'
            THEN 'some partition has no index like it (ALTER INDEX .. ATTACH PARTITION)'
        WHEN NOT i.indisvalid THEN 'it is not valid (REINDEX it)'
        WHEN NOT i.indimmediate THEN 'its constraint is deferrable'
        WHEN i.indexprs IS NOT NULL THEN 'it is on an expression'
        WHEN i.indisexclusion AND i.indisunique THEN 'it is WITHOUT OVERLAPS'
        WHEN i.indisexclusion THEN 'it is an exclusion constraint'
        WHEN i.indpred::text ~ ':varattno 0 ' THEN 'its predicate reads the whole row'
        WHEN differs.by_collation THEN 'it has another collation than its column'
        WHEN differs.by_operator THEN 'its operator class has another equality than its column'
    END AS obstacle,
    i.indisvalid AND i.indexprs IS NULL AND NOT i.indisexclusion AS is_inferred,
    pg_get_expr(i.indpred, i.indrelid) AS predicate,
    array(
        SELECT DISTINCT a.attname
        FROM regexp_matches(i.indpred::text, ':varattno (\d+)', 'g') AS read (number)
        JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = i.indrelid AND a.attnum = read.number[1]::smallint
    )::text[] AS predicate_columns,
    coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)  -- new in 15
        AS nulls_not_distinct
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS index_relation ON index_relation.oid = i.indexrelid
CROSS JOIN LATERAL (
    SELECT
        bool_or(
            here.oid <> there.oid AND NOT (here.collisdeterministic AND there.collisdeterministic)
        ) AS by_collation,
        bool_or(used.equality <> usual.equality) AS by_operator
    FROM unnest(i.indkey::smallint[], i.indcollation::oid[], i.indclass::oid[])
        AS indexed (number, collation_oid, class)
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = indexed.number
    LEFT JOIN pg_catalog.pg_collation AS here ON here.oid = indexed.collation_oid
    LEFT JOIN pg_catalog.pg_collation AS there ON there.oid = a.attcollation
    CROSS JOIN LATERAL (
        SELECT class.opcintype AS type, member.amopopr AS equality
        FROM pg_catalog.pg_opclass AS class
        JOIN pg_catalog.pg_amop AS member
            ON member.amopfamily = class.opcfamily
            AND member.amopstrategy = 3
            AND member.amoplefttype = class.opcintype
            AND member.amoprighttype = class.opcintype
        WHERE class.oid = indexed.class
    ) AS used
    CROSS JOIN LATERAL (
        -- What PostgreSQL compares the column by: its own type's, or that of the type it stands
        -- for (varchar as text, any enum, any array).
        WITH RECURSIVE base (type) AS (
            SELECT a.atttypid
            UNION ALL
            SELECT domain.typbasetype
            FROM base
            JOIN pg_catalog.pg_type AS domain ON domain.oid = base.type AND domain.typtype = 'd'
        )
        SELECT member.amopopr AS equality
        FROM pg_catalog.pg_opclass AS class
        JOIN pg_catalog.pg_amop AS member
            ON member.amopfamily = class.opcfamily
            AND member.amopstrategy = 3
            AND member.amoplefttype = class.opcintype
            AND member.amoprighttype = class.opcintype
        WHERE class.opcdefault
            AND class.opcmethod = index_relation.relam
            AND class.opcintype IN (SELECT base.type FROM base UNION SELECT used.type)
        ORDER BY class.opcintype IN (SELECT base.type FROM base) DESC
        LIMIT 1
    ) AS usual
) AS differs
WHERE i.indrelid = :'relation'::oid AND (i.indisunique OR i.indisexclusion)
ORDER BY i.indisprimary DESC, index_relation.relname;
