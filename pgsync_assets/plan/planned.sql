-- The plan is complete: its numbers and what it was made for.
UPDATE :"planner".runs
SET status = 'planned',
    planned_at = now(),
    is_full = :'is_full'::boolean,
    fingerprint = :'fingerprint',
    shape = :'shape'::jsonb,
    batch_size = :'batch_size'::integer,
    batch_ends = :'batch_ends'::bigint[],
    added = :'added'::bigint,
    changed = :'changed'::bigint,
    removed = :'removed'::bigint,
    invalid = :'invalid'::bigint,
    left_over = :'left_over'::bigint[],
    base_run = :'base_run'::bigint,
    cursor = :'cursor',
    is_whole = :'is_whole'::boolean,
    is_streamed = :'is_streamed'::boolean
WHERE id = :'run'::bigint AND status = 'started';
