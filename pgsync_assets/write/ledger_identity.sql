-- Which destination this is; a restored copy of it has tables of other numbers.
SELECT id, tableoid::bigint FROM :"ledger".pgsync_identity;
