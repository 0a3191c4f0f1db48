-- The states of a sync: one, or one for each partition.
SELECT partition FROM :"planner".states WHERE sync = :'sync' ORDER BY partition;
