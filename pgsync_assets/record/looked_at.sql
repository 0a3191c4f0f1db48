-- Old runs whose rows were gone through: those that are left have to stay for now.
UPDATE :"audit".sync_runs
SET looked_at = now(),
    pruned_at = CASE WHEN :'is_gone'::boolean THEN coalesce(pruned_at, now()) ELSE pruned_at END
WHERE sync_run_id = ANY (:'runs'::bigint[]);
