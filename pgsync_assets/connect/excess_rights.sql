-- What our role may do beyond what any sync needs. Of a superuser everything is true: it is named
-- alone. Roles that only clouds know are passed over elsewhere.
WITH mine AS (
    SELECT * FROM pg_catalog.pg_roles WHERE rolname = current_user
)
SELECT attribute.name
FROM mine,
    LATERAL (VALUES
        ('SUPERUSER', mine.rolsuper),
        ('CREATEROLE', mine.rolcreaterole AND NOT mine.rolsuper),
        ('CREATEDB', mine.rolcreatedb AND NOT mine.rolsuper),
        ('REPLICATION', mine.rolreplication AND NOT mine.rolsuper),
        ('BYPASSRLS', mine.rolbypassrls AND NOT mine.rolsuper)
    ) AS attribute (name, held)
WHERE attribute.held
UNION ALL
SELECT 'member of ' || wide.rolname
FROM mine
JOIN pg_catalog.pg_roles AS wide ON wide.rolname IN (
    'pg_write_all_data', 'pg_execute_server_program', 'pg_write_server_files',
    'pg_read_server_files', 'rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin',
    'neon_superuser', 'alloydbsuperuser'
)
WHERE NOT mine.rolsuper AND pg_catalog.pg_has_role(mine.oid, wide.oid, 'MEMBER');
