-- The syncs that this planner knows, and whether one is about rows of this table with this key;
-- of those, when a run was at it last.
SELECT
    there.sync, there.is_same, there.rows,
    CASE WHEN there.is_same THEN (
        SELECT max(coalesce(run.closed_at, run.planned_at, run.started_at))
        FROM :"planner".runs AS run
        JOIN :"planner".states AS its ON its.id = run.state_id
        WHERE its.sync = there.sync
    ) END AS last_run
FROM (
    SELECT
        state.sync,
        coalesce(bool_or(
            known.shape ->> 'table' = :'table' AND known.shape ->> 'ledger' = :'ledger'
            AND known.shape -> 'key' = to_jsonb(:'keys'::text[])
        ), false) AS is_same,
        coalesce(sum(state.row_count), 0)::bigint AS rows
    FROM :"planner".states AS state
    LEFT JOIN :"planner".runs AS under_way
        ON under_way.state_id = state.id AND under_way.status = 'planned'
    CROSS JOIN LATERAL (SELECT coalesce(state.shape, under_way.shape) AS shape) AS known
    WHERE known.shape IS NOT NULL OR state.ledger_run IS NOT NULL
    GROUP BY state.sync
) AS there
ORDER BY there.sync;
