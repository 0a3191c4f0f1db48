-- A run that was asked for a part of what changed: what it left to the next one.
ALTER TABLE :"schema".runs ADD COLUMN left_over bigint[];
COMMENT ON COLUMN :"schema".runs.left_over IS
    'Changes that were found and are not in the plan: added, changed, removed; NULL: none.';
