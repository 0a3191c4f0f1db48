-- Whether a place (ctid) tells the rows of a table apart, and stays where it is within a snapshot:
-- a plain table of the heap without children, with its bytes. No row where it does not, where
-- values are stored apart (their bytes would not be seen), or where a column is computed each time
-- it is read. Asked while the table is locked by a reader.
SELECT pg_catalog.pg_relation_size(c.oid)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
JOIN pg_catalog.pg_am AS method ON method.oid = c.relam
WHERE owner.nspname = :'schema'
    AND c.relname = :'table'
    AND c.relkind = 'r'
    AND NOT c.relhassubclass
    AND NOT c.relrowsecurity
    AND method.amname = 'heap'
    AND (c.reltoastrelid = 0 OR pg_catalog.pg_relation_size(c.reltoastrelid) = 0)
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = 'v'
    );
