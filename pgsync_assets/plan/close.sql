-- Ends a run: settled, superseded (its plan is dropped unwritten) or failed.
UPDATE :"planner".runs SET status = :'status', closed_at = now(), stale_because = :'because'
WHERE id = :'run'::bigint AND status IN ('started', 'planned', 'held');
