-- The same of a line of a big run, whose values stand in columns: without `columns` it shows none.
UPDATE :"audit".changelog_columns AS log
SET row_id = '(forgotten)', fields = NULL, columns = NULL,
    failure_reason = split_part(log.failure_reason, :'said', 1),
    integer_1 = NULL, integer_2 = NULL, integer_3 = NULL, integer_4 = NULL, integer_5 = NULL,
    integer_6 = NULL, integer_7 = NULL, integer_8 = NULL, integer_9 = NULL, integer_10 = NULL,
    integer_11 = NULL, integer_12 = NULL, numeric_1 = NULL, numeric_2 = NULL, numeric_3 = NULL,
    numeric_4 = NULL, numeric_5 = NULL, numeric_6 = NULL, numeric_7 = NULL, numeric_8 = NULL,
    double_1 = NULL, double_2 = NULL, double_3 = NULL, double_4 = NULL, boolean_1 = NULL,
    boolean_2 = NULL, boolean_3 = NULL, boolean_4 = NULL, boolean_5 = NULL, boolean_6 = NULL,
    boolean_7 = NULL, boolean_8 = NULL, date_1 = NULL, date_2 = NULL, date_3 = NULL, date_4 = NULL,
    timestamp_1 = NULL, timestamp_2 = NULL, timestamp_3 = NULL, timestamp_4 = NULL,
    instant_1 = NULL, instant_2 = NULL, instant_3 = NULL, instant_4 = NULL, instant_5 = NULL,
    instant_6 = NULL, uuid_1 = NULL, uuid_2 = NULL, uuid_3 = NULL, uuid_4 = NULL, jsonb_1 = NULL,
    jsonb_2 = NULL, jsonb_3 = NULL, jsonb_4 = NULL, text_1 = NULL, text_2 = NULL, text_3 = NULL,
    text_4 = NULL, text_5 = NULL, text_6 = NULL, text_7 = NULL, text_8 = NULL, text_9 = NULL,
    text_10 = NULL, text_11 = NULL, text_12 = NULL, text_13 = NULL, text_14 = NULL, text_15 = NULL,
    text_16 = NULL, text_17 = NULL, text_18 = NULL, text_19 = NULL, text_20 = NULL, text_21 = NULL,
    text_22 = NULL, text_23 = NULL, text_24 = NULL
FROM unnest(:'names'::text[], :'runs'::bigint[]) AS known (name, until_run)
WHERE log.sync_id = known.name AND log.sync_run_id <= known.until_run
    AND log.row_id = ANY (:'row_ids'::text[]);
