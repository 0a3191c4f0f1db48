-- First statement of every planner transaction: no row means that a newer run took over.
UPDATE :"planner".states SET epoch = epoch
WHERE id = :'state'::bigint AND epoch = :'epoch'::bigint
RETURNING id;
