-- Every state that knows of something, with its last run; one without an image of its own is known
-- by the plan that is under way or held for it.
SELECT
    state.id, state.sync, state.partition, state.installation, state.row_count,
    coalesce(state.shape, under_way.shape, held.shape) AS shape,
    state.shape IS NULL AND state.ledger_run IS NULL AND under_way.id IS NULL AS is_only_held,
    state.ledger, held.id, last.at, last.status,
    coalesce((
        SELECT sum(pg_catalog.pg_total_relation_size(c.oid))::bigint
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
        WHERE owner.nspname = :'schema'
            AND c.relname IN (
                'snapshot_' || state.id, 'plan_' || under_way.id, 'plan_' || held.id
            )
    ), 0) AS bytes,
    coalesce(
        under_way.added + under_way.changed + under_way.removed,
        held.added + held.changed + held.removed,
        0
    ) AS waiting,
    held.reason
FROM :"planner".states AS state
LEFT JOIN :"planner".runs AS held ON held.state_id = state.id AND held.status = 'held'
LEFT JOIN :"planner".runs AS under_way
    ON under_way.state_id = state.id AND under_way.status = 'planned'
LEFT JOIN LATERAL (
    SELECT coalesce(closed_at, planned_at, started_at) AS at, status
    FROM :"planner".runs
    WHERE state_id = state.id
    ORDER BY id DESC
    LIMIT 1
) AS last ON true
WHERE state.shape IS NOT NULL OR state.ledger_run IS NOT NULL
    OR held.id IS NOT NULL OR under_way.id IS NOT NULL
ORDER BY state.sync, state.partition;
