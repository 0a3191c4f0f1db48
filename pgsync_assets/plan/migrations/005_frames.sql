-- Rows that were loaded for a model: of a DataFrame or a file. Each load is a table of its own,
-- `frame_<number>`, made in the transaction that writes its row here: who reads one load never sees
-- another, and none is seen half. It is logged, as all else here: an unlogged table would be empty
-- after a crash, and an empty model removes every row.

CREATE TABLE :"schema".frames (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    loaded_by text NOT NULL,
    row_count bigint NOT NULL DEFAULT 0 CHECK (row_count >= 0),
    columns jsonb NOT NULL
);
COMMENT ON COLUMN :"schema".frames.number IS 'The rows are in frame_<number>.';
COMMENT ON COLUMN :"schema".frames.loaded_by IS 'Who loaded it, or which run of Dagster.';
COMMENT ON COLUMN :"schema".frames.columns IS '[name, type] of each, in their order.';
CREATE INDEX frames_of_a_model ON :"schema".frames (model, number);

REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM PUBLIC;
