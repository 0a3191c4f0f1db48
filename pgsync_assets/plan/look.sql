-- What the planner knows of a sync (or one partition of it), without taking it over.
SELECT id, epoch, shape, row_count, ledger, ledger_run, installation, cursor, full_at,
    -- A planner that is left behind may be of an older version, without these columns.
    (to_jsonb(state) ->> 'ledger_batch')::bigint, to_jsonb(state) -> 'columns'
FROM :"planner".states AS state
WHERE sync = :'sync' AND partition = :'partition';
