-- A state goes, with what is known of its runs; the audit keeps their history.
WITH gone AS (
    SELECT id FROM :"planner".runs WHERE state_id = :'state'::bigint
), without_rejections AS (
    DELETE FROM :"planner".rejections WHERE run_id IN (SELECT id FROM gone)
), without_refused_rows AS (
    DELETE FROM :"planner".refused_rows WHERE state_id = :'state'::bigint
), without_runs AS (
    DELETE FROM :"planner".runs WHERE state_id = :'state'::bigint
)
DELETE FROM :"planner".states WHERE id = :'state'::bigint;
