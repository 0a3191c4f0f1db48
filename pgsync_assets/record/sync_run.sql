-- One row per run. Written again where a run that failed at first is settled later.
INSERT INTO :"audit".sync_runs (
    sync_id, sync_run_id, primary_key, destination, model_name, model_id, error, status,
    started_at, finished_at,
    num_planned_add, num_planned_change, num_planned_remove,
    num_attempted_add, num_attempted_change, num_attempted_remove,
    num_succeeded_add, num_succeeded_change, num_succeeded_remove,
    num_failed_add, num_failed_change, num_failed_remove,
    partition, destination_table, engine, batches, row_count, num_parked)
VALUES (
    :'sync', :'run', :'primary_key', 'postgresql', :'model', :'model', :'error', :'status',
    :'started_at', now(),
    :'planned_add', :'planned_change', :'planned_remove',
    :'attempted_add', :'attempted_change', :'attempted_remove',
    :'succeeded_add', :'succeeded_change', :'succeeded_remove',
    :'failed_add', :'failed_change', :'failed_remove',
    :'partition', :'destination_table', :'engine', :'batches', :'row_count',
    :'parked')
ON CONFLICT (sync_run_id) DO UPDATE SET
    error = excluded.error,
    status = excluded.status,
    finished_at = excluded.finished_at,
    num_planned_add = excluded.num_planned_add,
    num_planned_change = excluded.num_planned_change,
    num_planned_remove = excluded.num_planned_remove,
    num_attempted_add = excluded.num_attempted_add,
    num_attempted_change = excluded.num_attempted_change,
    num_attempted_remove = excluded.num_attempted_remove,
    num_succeeded_add = excluded.num_succeeded_add,
    num_succeeded_change = excluded.num_succeeded_change,
    num_succeeded_remove = excluded.num_succeeded_remove,
    num_failed_add = excluded.num_failed_add,
    num_failed_change = excluded.num_failed_change,
    num_failed_remove = excluded.num_failed_remove,
    batches = excluded.batches,
    row_count = excluded.row_count,
    num_parked = excluded.num_parked;
