-- Which version a ledger without a table pgsync_migrations has: 1 where our tables have the names of
-- migration 001, else 0. Told by our comments, from the catalog alone: tables of these names may be
-- somebody else's, and are not read.
SELECT count(*)
FROM pg_catalog.pg_namespace AS owner
JOIN pg_catalog.pg_class AS identity
    ON identity.relnamespace = owner.oid AND identity.relname = 'identity'
JOIN pg_catalog.pg_class AS ledger
    ON ledger.relnamespace = owner.oid AND ledger.relname = 'ledger'
JOIN pg_catalog.pg_attribute AS fence
    ON fence.attrelid = ledger.oid AND fence.attname = 'fence'
WHERE owner.nspname = :'schema'
    AND obj_description(identity.oid, 'pg_class')
        = 'Which destination this is; a copy of it keeps the name.'
    AND col_description(ledger.oid, fence.attnum)
        = 'Epoch of the run that may write; older ones may not.';
