-- What the planner knows of a row that was refused: by its plain name, or by its public one.
SELECT refused.row_id, NULL::bigint AS run_id, NULL::bigint AS plan_row
FROM :"planner".refused_rows AS refused
WHERE refused.state_id = :'state'::bigint
    AND (refused.row_id = ANY (:'row_ids'::text[])
        OR :"audit".row_name(refused.row_id, :'hashed'::integer[], :'key_columns'::integer)
            = ANY (:'row_ids'::text[]))
UNION ALL
SELECT rejection.row_id, rejection.run_id, rejection.plan_row
FROM :"planner".rejections AS rejection
JOIN :"planner".runs AS run ON run.id = rejection.run_id
WHERE run.state_id = :'state'::bigint
    AND (rejection.row_id = ANY (:'row_ids'::text[])
        OR :"audit".row_name(rejection.row_id, :'hashed'::integer[], :'key_columns'::integer)
            = ANY (:'row_ids'::text[]));
