-- What a schema of ours has behind it: whether it exists, and the newest migration it knows.
SELECT
    to_regnamespace(quote_ident(:'schema')) IS NOT NULL AS has_schema,
    to_regclass(format('%I.migrations', :'schema'::text)) IS NOT NULL AS has_table;
