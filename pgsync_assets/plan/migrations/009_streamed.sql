-- A plan without row images: its rows travel from the source itself, in the snapshot that was
-- compared. Only the run that holds that snapshot can write it.
ALTER TABLE :"schema".runs ADD COLUMN is_streamed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN :"schema".runs.is_streamed IS
    'The plan has keys and digests only; interrupted, the rest of it is planned anew.';
