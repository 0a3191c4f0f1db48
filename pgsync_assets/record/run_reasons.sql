-- Why rows of a run were refused, the most frequent reason first, with the first three rows of each.
-- The planner knows the SQLSTATE, and rows by their plain names; what it has forgotten may be in the
-- log still.
WITH refused AS (
    SELECT row_id, sqlstate, reason, plan_row, true AS is_plain
    FROM :"planner".rejections
    WHERE run_id = :'run'::bigint
    UNION ALL
    SELECT row_id, NULL, failure_reason, plan_row, false
    FROM :"audit".sync_changelog
    WHERE sync_run_id = :'run'::bigint AND status = 'failed'
        AND NOT EXISTS (SELECT FROM :"planner".rejections WHERE run_id = :'run'::bigint)
),
numbered AS (
    SELECT *, row_number() OVER (
        PARTITION BY sqlstate, reason ORDER BY abs(plan_row), plan_row
    ) AS place
    FROM refused
)
SELECT
    sqlstate, reason, count(*),
    array_agg(row_id ORDER BY place) FILTER (WHERE place <= 3),
    bool_or(is_plain)
FROM numbered
GROUP BY sqlstate, reason
ORDER BY count(*) DESC, reason;
