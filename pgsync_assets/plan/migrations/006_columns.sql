-- What both ends looked like at the last run that succeeded, so that the next one can tell what is
-- other now. Columns that are not sent are in no shape.
ALTER TABLE :"schema".states ADD COLUMN columns jsonb;
COMMENT ON COLUMN :"schema".states.columns IS
    'All columns of the model and of the table at the last run that succeeded: name and type.';
