-- The schema of the equality operator by which PostgreSQL itself would index a type, so that keys
-- are compared as a unique index compares them, wherever the type lives (citext, say).
-- No row: the type has no default btree operator class and cannot be a key (json, point, xml).
WITH RECURSIVE base (type) AS (
    SELECT :'type'::oid
    UNION ALL
    SELECT domain.typbasetype
    FROM base
    JOIN pg_catalog.pg_type AS domain ON domain.oid = base.type AND domain.typtype = 'd'
)
SELECT owner.nspname
FROM base
JOIN pg_catalog.pg_type AS t ON t.oid = base.type AND t.typtype <> 'd'
JOIN pg_catalog.pg_opclass AS class
    ON class.opcdefault
    AND class.opcmethod = (SELECT oid FROM pg_catalog.pg_am WHERE amname = 'btree')
    AND (
        class.opcintype = t.oid
        OR (class.opcintype = 'anyenum'::regtype AND t.typtype = 'e')
        OR (class.opcintype = 'anyarray'::regtype AND t.typcategory = 'A' AND EXISTS (
            SELECT FROM pg_catalog.pg_opclass AS element_class
            JOIN pg_catalog.pg_type AS element ON element.oid = t.typelem
            WHERE element_class.opcdefault AND element_class.opcmethod = class.opcmethod
            AND (element_class.opcintype = element.oid
                OR (element_class.opcintype = 'text'::regtype AND element.typcategory = 'S'))))
        OR (class.opcintype = 'anyrange'::regtype AND t.typtype = 'r')
        OR (class.opcintype = 'text'::regtype AND t.oid = 'varchar'::regtype)
    )
JOIN pg_catalog.pg_amop AS member
    ON member.amopfamily = class.opcfamily
    AND member.amopstrategy = 3
    AND member.amoplefttype = class.opcintype
    AND member.amoprighttype = class.opcintype
JOIN pg_catalog.pg_operator AS equality ON equality.oid = member.amopopr
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = equality.oprnamespace
LIMIT 1;
