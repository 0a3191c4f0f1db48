-- Behind a pooler the database may have another name than the client asked for.
SELECT pg_catalog.current_database();
