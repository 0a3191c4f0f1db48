-- Why rows of a sync are refused now, the most frequent reason first.
SELECT
    refused.sqlstate, refused.constraint_name, refused.column_name, refused.reason,
    count(*) AS rows,
    count(*) FILTER (WHERE refused.is_parked) AS parked
FROM :"planner".refused_rows AS refused
JOIN :"planner".states AS state ON state.id = refused.state_id
WHERE state.sync = :'sync'
    AND (:'partition'::text IS NULL OR refused.partition = :'partition'::text)
    AND (:'keys'::text[] IS NULL OR refused.row_id = ANY (:'keys'::text[]))
    AND (:'cause'::text IS NULL
        OR :'cause'::text IN (refused.sqlstate, refused.constraint_name, refused.column_name))
GROUP BY refused.sqlstate, refused.constraint_name, refused.column_name, refused.reason
ORDER BY count(*) DESC, refused.reason, refused.sqlstate;
