-- Columns of a destination table, and what a role may do with each.
SELECT
    a.attname,
    format_type(a.atttypid, a.atttypmod),
    NOT a.attnotnull AS is_nullable,
    a.attgenerated <> '' AS is_generated,
    a.attidentity,
    a.atthasdef OR a.attidentity <> '' AS has_default,
    base.type_name,
    base.modifier,
    coalesce((
        -- Of the operator by which an index on the column finds equal values (citext, say).
        SELECT owner.nspname
        FROM pg_catalog.pg_opclass AS class
        JOIN pg_catalog.pg_amop AS member
            ON member.amopfamily = class.opcfamily
            AND member.amopstrategy = 3
            AND member.amoplefttype = class.opcintype
            AND member.amoprighttype = class.opcintype
        JOIN pg_catalog.pg_operator AS equality ON equality.oid = member.amopopr
        JOIN pg_catalog.pg_namespace AS owner ON owner.oid = equality.oprnamespace
        WHERE class.opcdefault
            AND class.opcmethod = (SELECT oid FROM pg_catalog.pg_am WHERE amname = 'btree')
            AND class.opcintype = base.type
    ), 'pg_catalog') AS equality_schema,
    has_column_privilege(:'role'::name, a.attrelid, a.attnum, 'INSERT') AS may_insert,
    has_column_privilege(:'role'::name, a.attrelid, a.attnum, 'UPDATE') AS may_update,
    has_column_privilege(:'role'::name, a.attrelid, a.attnum, 'SELECT') AS may_select,
    a.atttypid,
    a.atttypmod,
    a.attcollation,
    format_type(base.type, base.modifier) AS plain_type,
    (
        -- Of a serial, say; an identity draws from its own without asking.
        SELECT ARRAY[owner.nspname, sequence.relname]::text[]
        FROM pg_catalog.pg_attrdef AS d
        JOIN pg_catalog.pg_depend AS drawn
            ON drawn.classid = 'pg_catalog.pg_attrdef'::regclass
            AND drawn.objid = d.oid
            AND drawn.refclassid = 'pg_catalog.pg_class'::regclass
        JOIN pg_catalog.pg_class AS sequence ON sequence.oid = drawn.refobjid
        JOIN pg_catalog.pg_namespace AS owner ON owner.oid = sequence.relnamespace
        WHERE d.adrelid = a.attrelid
            AND d.adnum = a.attnum
            AND CASE -- conditions have no order: of a table it would be an error
                WHEN sequence.relkind = 'S'
                    THEN NOT has_sequence_privilege(sequence.oid, 'USAGE, UPDATE')
            END
        LIMIT 1
    ) AS closed_sequence,
    a.attnum
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
    SELECT
        t.oid AS type,
        -- PostgreSQL's own name of an array is cut where that of its elements is long.
        ARRAY[owner.nspname, coalesce('_' || element.typname, t.typname)]::text[] AS type_name,
        unwrapped.modifier
    FROM unwrapped
    JOIN pg_catalog.pg_type AS t ON t.oid = unwrapped.type AND t.typtype <> 'd'
    LEFT JOIN pg_catalog.pg_type AS element ON element.typarray = t.oid
    JOIN pg_catalog.pg_namespace AS owner ON owner.oid = t.typnamespace
) AS base
WHERE a.attrelid = :'relation'::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;
