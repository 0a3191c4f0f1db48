-- Which database of which server this is. A replica that was promoted keeps the name, and so does a
-- copy made from files or restored from them; one that was loaded from a dump has another.
SELECT
    pg_catalog.md5(
        server.system_identifier::text || ' ' || here.oid::text || ' ' || here.datname
    )::uuid AS id
FROM pg_catalog.pg_control_system() AS server
CROSS JOIN pg_catalog.pg_database AS here
WHERE here.datname = current_database();
