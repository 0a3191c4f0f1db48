-- Partitions that begin at once create one table once. The numbers are ours: nobody else knows them.
SELECT pg_catalog.pg_advisory_xact_lock(7467, 1);
