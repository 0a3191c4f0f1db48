-- Batches end after so many rows, or so many bytes.
ALTER TABLE :"schema".runs ADD COLUMN batch_ends bigint[];
COMMENT ON COLUMN :"schema".runs.batch_ends IS
    'Last row of each batch; NULL: batch_size rows each.';
