-- What runs were refused keeps its place, as they have counted it, and loses its name.
UPDATE :"planner".rejections AS rejection
SET row_id = '(forgotten)', key = NULL, reason = split_part(rejection.reason, :'said', 1)
FROM :"planner".runs AS run
WHERE run.id = rejection.run_id AND run.state_id = :'state'::bigint
    AND rejection.row_id = ANY (:'row_ids'::text[]);
