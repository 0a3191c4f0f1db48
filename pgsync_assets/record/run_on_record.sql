-- What is on record of a run: in the audit, and in the planner, which also knows one without an end.
SELECT
    coalesce(recorded.sync_id, state.sync),
    to_jsonb(recorded),
    to_jsonb(planned) - 'shape' - 'batch_ends',
    coalesce(recorded.started_at, planned.started_at),
    planned.planned_at,
    coalesce(recorded.finished_at, planned.closed_at)
FROM (SELECT :'run'::bigint AS run) AS asked
LEFT JOIN :"audit".sync_runs AS recorded ON recorded.sync_run_id = asked.run
LEFT JOIN :"planner".runs AS planned ON planned.id = asked.run
LEFT JOIN :"planner".states AS state ON state.id = planned.state_id
WHERE recorded.sync_run_id IS NOT NULL OR planned.id IS NOT NULL;
