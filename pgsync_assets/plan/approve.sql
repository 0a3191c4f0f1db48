-- Somebody wants exactly this plan to be written.
UPDATE :"planner".runs SET approved_at = now(), approved_by = :'by'
WHERE id = :'run'::bigint AND status = 'held'
RETURNING approved_at;
