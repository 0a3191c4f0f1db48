-- Why rows of a sync are refused now, the most frequent reason first; of each the first three rows.
SELECT
    sqlstate, constraint_name, column_name, reason,
    count(*) AS rows,
    count(*) FILTER (WHERE is_parked) AS parked,
    array_agg(row_id ORDER BY place) FILTER (WHERE place <= 3) AS sample
FROM (
    SELECT refused.*, row_number() OVER (
        PARTITION BY refused.sqlstate, refused.constraint_name, refused.column_name, refused.reason
        ORDER BY refused.attempts DESC, refused.last_run DESC, refused.row_id
    ) AS place
    FROM :"planner".refused_rows AS refused
    JOIN :"planner".states AS state ON state.id = refused.state_id
    WHERE state.sync = :'sync'
        AND (:'partition'::text IS NULL OR refused.partition = :'partition'::text)
        AND (:'keys'::text[] IS NULL OR refused.row_id = ANY (:'keys'::text[]))
        AND (:'cause'::text IS NULL
            OR :'cause'::text IN (refused.sqlstate, refused.constraint_name, refused.column_name))
) AS numbered
GROUP BY sqlstate, constraint_name, column_name, reason
ORDER BY count(*) DESC, reason, sqlstate;
