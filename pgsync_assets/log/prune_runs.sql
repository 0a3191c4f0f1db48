-- A part of the runs that are older than is kept. Of each state the last run stays, the last that
-- succeeded, and what is open: `tables` and `open_runs` tell of them.
DELETE FROM :"log".runs
WHERE (sync_id, run) IN (
    SELECT old.sync_id, old.run
    FROM :"log".runs AS old
    WHERE old.started_at < now() - :'kept'::interval
        AND old.finished_at IS NOT NULL
        AND EXISTS (
            SELECT FROM :"log".runs AS later
            WHERE later.sync_id = old.sync_id AND later.row_count_of = old.row_count_of
                AND later.run > old.run
                AND (old.status <> 'succeeded' OR later.status = 'succeeded')
        )
    ORDER BY old.started_at
    LIMIT :'limit'::bigint
);
