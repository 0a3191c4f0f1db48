-- Batches of one sync (or one partition of it) come one after the other, where no row of a ledger
-- that is written first keeps them in line.
SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(
    'pgsync ' || :'installation' || ' ' || :'sync' || ' ' || :'partition', 7467
));
