-- What the state knows after a run: its shape, its rows, and what the ledger has to say.
UPDATE :"planner".states
SET shape = :'shape'::jsonb,
    row_count = :'row_count'::bigint,
    ledger = :'ledger'::uuid,
    ledger_run = :'ledger_run'::bigint,
    ledger_batch = :'ledger_batch'::bigint,
    cursor = :'cursor',
    columns = :'columns'::jsonb,
    full_at = CASE
        WHEN :'is_whole'::boolean -- a held plan may have been made long ago
        THEN coalesce((SELECT planned_at FROM :"planner".runs WHERE id = :'run'::bigint), now())
        ELSE full_at
    END
WHERE id = :'state'::bigint;
