-- The schema of the equality operator by which PostgreSQL itself would index a type, so that keys
-- are compared as a unique index compares them, wherever the type lives (citext, say).
-- No row: the type has no operator class of its own; PostgreSQL then takes one of pg_catalog
-- (varchar as text, any enum, any array).
WITH RECURSIVE base (type) AS (
    SELECT :'type'::oid
    UNION ALL
    SELECT domain.typbasetype
    FROM base
    JOIN pg_catalog.pg_type AS domain ON domain.oid = base.type AND domain.typtype = 'd'
)
SELECT owner.nspname
FROM base
JOIN pg_catalog.pg_opclass AS class
    ON class.opcdefault
    AND class.opcmethod = (SELECT oid FROM pg_catalog.pg_am WHERE amname = 'btree')
    AND class.opcintype = base.type
JOIN pg_catalog.pg_amop AS member
    ON member.amopfamily = class.opcfamily
    AND member.amopstrategy = 3
    AND member.amoplefttype = class.opcintype
    AND member.amoprighttype = class.opcintype
JOIN pg_catalog.pg_operator AS equality ON equality.oid = member.amopopr
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = equality.oprnamespace;
