-- What runs did, by sync and day of UTC on which they ended; without a day: in all of these days.
-- Lag: how old the rows of the destination were when a run ended, before it: the time since the
-- last run before it began that brought all that had changed. A run works from its start, or from
-- the approval of its plan. (In an audit of an older version, which no run has migrated, the names
-- of new columns mean those of `missing`.)
WITH known AS (
    SELECT asked.sync, asked.name, asked.until_run
    FROM unnest(:'syncs'::text[], :'names'::text[], :'runs'::bigint[])
        AS asked (sync, name, until_run)
),
ended AS (
    SELECT known.sync, run.*,
        extract(epoch FROM run.finished_at - coalesce(run.approved, run.started_at)) AS seconds
    FROM (SELECT NULL::timestamptz AS approved_at, 0::bigint AS num_left) AS missing
    CROSS JOIN LATERAL (
        SELECT every.sync_id, every.sync_run_id, every.partition, every.status, every.started_at,
            every.finished_at, approved_at AS approved,
            every.status = 'succeeded' AND num_left = 0 AS is_whole,
            every.num_succeeded_add AS added, every.num_succeeded_change AS changed,
            every.num_succeeded_remove AS removed,
            every.num_attempted_add + every.num_attempted_change + every.num_attempted_remove
                AS attempted,
            every.num_failed_add + every.num_failed_change + every.num_failed_remove AS rejected
        FROM :"audit".sync_runs AS every
    ) AS run
    JOIN known ON run.sync_id = known.name AND run.sync_run_id <= known.until_run
),
measured AS (
    SELECT ended.*,
        (added + changed + removed) / nullif(seconds, 0) AS rate,
        extract(epoch FROM finished_at - max(started_at) FILTER (WHERE is_whole) OVER before) AS lag
    FROM ended
    WINDOW before AS (
        PARTITION BY sync, partition ORDER BY sync_run_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)
SELECT sync, (finished_at AT TIME ZONE 'UTC')::date AS day,
    count(*) AS runs,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    sum(added)::bigint, sum(changed)::bigint, sum(removed)::bigint,
    sum(attempted)::bigint, sum(rejected)::bigint,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY rate::double precision)
        FILTER (WHERE rate > 0) AS rows_per_second,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds::double precision) AS seconds,
    max(seconds)::double precision AS worst_seconds,
    max(lag)::double precision AS lag_seconds
FROM measured
WHERE (finished_at AT TIME ZONE 'UTC')::date
    > (now() AT TIME ZONE 'UTC')::date - :'days'::integer
GROUP BY GROUPING SETS ((sync, (finished_at AT TIME ZONE 'UTC')::date), (sync))
ORDER BY sync, day NULLS FIRST;
