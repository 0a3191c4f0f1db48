-- Rows of a sync that are refused now, by their plain names.
SELECT refused.row_id
FROM :"planner".refused_rows AS refused
JOIN :"planner".states AS state ON state.id = refused.state_id
WHERE state.sync = :'sync';
