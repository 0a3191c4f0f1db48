-- Whether a collation, as pg_collation_for names it, takes texts of other bytes for equal.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_collation AS loose
    JOIN pg_catalog.pg_namespace AS owner ON owner.oid = loose.collnamespace
    WHERE NOT loose.collisdeterministic
        AND :'name' IN (
            quote_ident(loose.collname),
            quote_ident(owner.nspname) || '.' || quote_ident(loose.collname)
        )
);
