-- The names of a row, for one transaction: bound, so that no statement has them.
SELECT count(pg_catalog.set_config('pgsync.row_ids', (:'row_ids'::text[])::text, true));
