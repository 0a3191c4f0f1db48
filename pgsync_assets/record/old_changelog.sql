-- Runs whose rows are in the log for longer than they are kept, the oldest first: whose they are, how
-- many rows at most, and the table that has those of a big run. Runs are found one by one in the
-- index, big ones by their tables, which come last: most rows are not looked at. A run of which rows
-- had to stay is looked at again after a week.
WITH RECURSIVE logged (run) AS (
    (SELECT sync_run_id FROM ONLY :"audit".changelog_rows ORDER BY sync_run_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT sync_run_id FROM ONLY :"audit".changelog_rows
        WHERE sync_run_id > logged.run
        ORDER BY sync_run_id
        LIMIT 1
    )
    FROM logged
    WHERE logged.run IS NOT NULL
), found AS (
    SELECT run, 'changelog_rows' AS place FROM logged
    UNION ALL
    SELECT substring(child.relname FROM '^changelog_([0-9]+)$')::bigint, child.relname
    FROM pg_catalog.pg_inherits AS inherits
    JOIN pg_catalog.pg_class AS child ON child.oid = inherits.inhrelid
    WHERE inherits.inhparent IN (
        pg_catalog.to_regclass(pg_catalog.format('%I.changelog_rows', :'schema'::text)),
        pg_catalog.to_regclass(pg_catalog.format('%I.changelog_columns', :'schema'::text))
    )
)
SELECT
    run.sync_run_id, kept.owner,
    run.num_planned_add + run.num_planned_change + run.num_planned_remove, found.place
FROM found
JOIN :"audit".sync_runs AS run ON run.sync_run_id = found.run
JOIN unnest(
    :'names'::text[], :'afters'::bigint[], :'untils'::bigint[], :'owners'::text[],
    :'keeps'::interval[]
) AS kept (name, after, until, owner, keep)
    ON kept.name = run.sync_id AND run.sync_run_id > kept.after AND run.sync_run_id <= kept.until
WHERE run.finished_at < now() - kept.keep
    AND (run.looked_at IS NULL OR run.looked_at < now() - interval '7 days')
    AND NOT EXISTS (
        SELECT FROM unnest(:'needed'::bigint[]) AS needed (run) WHERE needed.run = run.sync_run_id
    )
ORDER BY run.sync_run_id, found.place DESC;
