-- Which runs of a state the log has: the last one that ended, and those whose end it was never told.
SELECT max(runs.run) FILTER (WHERE runs.finished_at IS NOT NULL),
    coalesce(array_agg(runs.run) FILTER (WHERE runs.finished_at IS NULL), '{}')
FROM :"log".syncs
CROSS JOIN LATERAL (
    (
        SELECT run, finished_at FROM :"log".runs
        WHERE sync_id = syncs.id AND row_count_of = :'row_count_of' AND finished_at IS NOT NULL
        ORDER BY run DESC LIMIT 1
    )
    UNION ALL
    SELECT run, finished_at FROM :"log".runs
    WHERE sync_id = syncs.id AND row_count_of = :'row_count_of' AND finished_at IS NULL
) AS runs
WHERE syncs.installation = :'installation'::uuid AND syncs.sync = :'sync';
