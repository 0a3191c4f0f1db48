-- Runs whose statements are known for longer than they are kept, the oldest first; whose they are,
-- and how many rows at most. A run that never came to an end is as old as its last batch.
SELECT
    batch.sync_run_id, min(kept.owner), (sum(batch.statements) + count(*))::bigint
FROM :"audit".sync_batches AS batch
LEFT JOIN :"audit".sync_runs AS run ON run.sync_run_id = batch.sync_run_id
JOIN unnest(
    :'names'::text[], :'afters'::bigint[], :'untils'::bigint[], :'owners'::text[],
    :'keeps'::interval[]
) AS kept (name, after, until, owner, keep)
    ON kept.name = batch.sync_id
    AND batch.sync_run_id > kept.after AND batch.sync_run_id <= kept.until
WHERE NOT EXISTS (
    SELECT FROM unnest(:'needed'::bigint[]) AS needed (run) WHERE needed.run = batch.sync_run_id
)
GROUP BY batch.sync_run_id
HAVING coalesce(max(run.finished_at), max(batch.started_at)) < now() - min(kept.keep)
ORDER BY batch.sync_run_id;
