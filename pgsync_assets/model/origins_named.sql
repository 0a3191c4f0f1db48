-- Which relation each name in a query is, by the search_path of the session. A schema is empty where
-- none is written. Catalogs are open to every role, whatever it may read.
SELECT named.schema, named.name, found.oid, found.schema, found.name
FROM unnest(:'schemas'::text[], :'names'::text[]) AS named (schema, name)
CROSS JOIN LATERAL (
    SELECT relation.oid, namespace.nspname::text, relation.relname::text, relation.relpersistence,
        relation.relkind
    FROM pg_catalog.pg_class AS relation
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
    LEFT JOIN unnest(:'path'::text[]) WITH ORDINALITY AS path (schema, place)
        ON path.schema = namespace.nspname::text
            AND pg_catalog.has_schema_privilege(namespace.oid, 'USAGE')
    WHERE relation.relname::text = named.name
        AND CASE
            WHEN named.schema = '' THEN path.place IS NOT NULL
            ELSE namespace.nspname::text = named.schema
        END
    ORDER BY path.place
    LIMIT 1
) AS found (oid, schema, name, persistence, kind)
WHERE found.persistence <> 't' AND found.kind IN ('r', 'p', 'v', 'm', 'f');
