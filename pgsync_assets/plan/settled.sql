-- What the state knows after a run: its shape, its rows, and what the ledger has to say.
UPDATE :"planner".states
SET shape = :'shape'::jsonb,
    row_count = :'row_count'::bigint,
    ledger = :'ledger'::uuid,
    ledger_run = :'ledger_run'::bigint
WHERE id = :'state'::bigint;
