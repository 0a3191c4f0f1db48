-- Batches of a run: the first, the last, those that took longest, those with most refused rows, and
-- all that were not committed; without a limit all of them.
WITH sent AS (
    SELECT
        *, count(*) OVER () AS total,
        row_number() OVER (ORDER BY batch, attempt) AS place,
        row_number() OVER (ORDER BY batch DESC, attempt DESC) AS place_from_end,
        row_number() OVER (ORDER BY duration DESC, batch) AS slowness,
        row_number() OVER (ORDER BY rejected DESC, batch) AS badness
    FROM :"audit".sync_batches
    WHERE sync_run_id = :'run'::bigint
)
SELECT
    total, batch, attempt, started_at, extract(epoch FROM duration)::double precision, first_row,
    last_row, rows, removals, rejected, bytes, status, sqlstate, error, statements
FROM sent
WHERE :'limit'::bigint IS NULL
    OR total <= :'limit'::bigint
    OR place <= :'limit'::bigint / 4
    OR place_from_end <= :'limit'::bigint / 4
    OR slowness <= :'limit'::bigint / 4
    OR (rejected > 0 AND badness <= :'limit'::bigint / 4)
    OR status <> 'committed'
ORDER BY batch, attempt;
