-- Runs that ended longer ago than they are kept, the oldest first; whose they are, and whether their
-- rows or statements are there still: then they stay as well.
SELECT
    run.sync_run_id, kept.owner,
    EXISTS (
        SELECT FROM :"audit".sync_changelog AS log WHERE log.sync_run_id = run.sync_run_id
    ) OR EXISTS (
        SELECT FROM :"audit".sync_batches AS batch WHERE batch.sync_run_id = run.sync_run_id
    ) AS is_told
FROM :"audit".sync_runs AS run
JOIN unnest(
    :'names'::text[], :'afters'::bigint[], :'untils'::bigint[], :'owners'::text[],
    :'keeps'::interval[]
) AS kept (name, after, until, owner, keep)
    ON kept.name = run.sync_id AND run.sync_run_id > kept.after AND run.sync_run_id <= kept.until
WHERE run.finished_at < now() - kept.keep
    AND NOT EXISTS (
        SELECT FROM unnest(:'needed'::bigint[]) AS needed (run) WHERE needed.run = run.sync_run_id
    )
ORDER BY run.sync_run_id;
