-- A destination that lost the last batches of a run knows the run, and not all of it.
ALTER TABLE :"schema".states ADD COLUMN ledger_batch bigint;
COMMENT ON COLUMN :"schema".states.ledger_batch IS
    'Batches of the last run that the ledger has to know; NULL: it was not noted then.';
