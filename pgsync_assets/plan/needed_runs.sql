-- Runs that somebody still needs, and whether their log is needed, too: that of runs that have not
-- ended or whose plan is held, and of the run that such a plan was compared with. Without it: the
-- last run of each state and partition, and the last that was settled; those that the ledger has to
-- know; first and last attempts of rows that are refused now.
SELECT id, true FROM :"planner".runs WHERE status IN ('started', 'planned', 'held')
UNION
SELECT base_run, true FROM :"planner".runs
WHERE status IN ('planned', 'held') AND base_run IS NOT NULL
UNION
SELECT last.run, false
FROM (
    SELECT unnest(ARRAY[max(id), max(id) FILTER (WHERE status = 'settled')]) AS run
    FROM :"planner".runs
    GROUP BY state_id, partition
) AS last
WHERE last.run IS NOT NULL
UNION
SELECT ledger_run, false FROM :"planner".states WHERE ledger_run IS NOT NULL
UNION
SELECT unnest(ARRAY[first_run, last_run]), false FROM :"planner".refused_rows;
