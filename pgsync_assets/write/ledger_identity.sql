-- Which destination this is.
SELECT id FROM :"ledger".identity;
