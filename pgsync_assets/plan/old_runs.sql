-- Runs that ended long ago and that nobody needs, the oldest first, with the rows refused in them.
SELECT
    run.id,
    (SELECT count(*) FROM :"planner".rejections AS refused WHERE refused.run_id = run.id)
FROM :"planner".runs AS run
JOIN :"planner".states AS state ON state.id = run.state_id
JOIN unnest(:'owners'::text[], :'keeps'::interval[]) AS kept (owner, keep)
    ON kept.owner = state.sync
WHERE run.status IN ('settled', 'superseded', 'failed') AND run.closed_at < now() - kept.keep
    AND NOT EXISTS (
        SELECT FROM unnest(:'needed'::bigint[]) AS needed (run) WHERE needed.run = run.id
    )
ORDER BY run.id;
