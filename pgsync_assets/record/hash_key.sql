-- The key of the hash, inner and outer, for one transaction: bound, so that no statement has it.
SELECT count(pg_catalog.set_config(pad.name, pad.value, true))
FROM (VALUES ('pgsync.hash_inner', :'inner'), ('pgsync.hash_outer', :'outer'))
    AS pad (name, value);
