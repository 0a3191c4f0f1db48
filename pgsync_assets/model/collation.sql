-- What a collation was made of; its columns have other names in each version.
SELECT
    owner.nspname,
    c.collname,
    c.collprovider,
    coalesce(
        to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'collcollate'
    ) AS locale,
    to_jsonb(c) ->> 'collicurules' AS rules,
    nullif(getdatabaseencoding(), 'UTF8') AS encoding
FROM pg_catalog.pg_collation AS c
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.collnamespace
WHERE c.oid = :'oid'::oid;
