-- Runs that nobody needs; no row that was refused in them is left.
DELETE FROM :"planner".runs WHERE id = ANY (:'runs'::bigint[]);
