-- Which destination this is.
SELECT id FROM :"ledger".pgsync_identity;
