-- Whether the audit has lines about what was sent: one of an older version has no such table.
SELECT pg_catalog.to_regclass(pg_catalog.format('%I.sync_batches', :'audit'::text)) IS NOT NULL;
