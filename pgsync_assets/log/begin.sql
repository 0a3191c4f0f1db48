-- A run begins to write, or goes on; a plan that was held is applied under the number it has.
INSERT INTO :"log".runs AS known
    (sync_id, run, partition, row_count_of, destination_table, status, batches, rows_planned)
SELECT id, :'run'::bigint, :'partition', :'row_count_of', destination_table, 'running',
    :'batches'::bigint, :'planned'::bigint
FROM :"log".syncs
WHERE installation = :'installation'::uuid AND sync = :'sync'
ON CONFLICT (sync_id, run) DO UPDATE SET
    status = 'running',
    finished_at = NULL,
    batches = excluded.batches,
    rows_planned = excluded.rows_planned,
    rows_added = NULL,
    rows_changed = NULL,
    error = NULL,
    sqlstate = NULL
WHERE known.status <> 'succeeded';
