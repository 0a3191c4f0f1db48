-- A run whose plan is complete but not settled, if there is one: under way (planned), or held.
SELECT id, started_at, partition, is_full, fingerprint, shape, batch_size,
    added, changed, removed, invalid, base_run, cursor, is_whole, reason, content,
    batch_ends, left_over, is_streamed
FROM :"planner".runs
WHERE state_id = :'state'::bigint AND status = ANY (:'statuses'::text[]);
