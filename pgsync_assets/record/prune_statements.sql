-- What was sent in old runs: all of a run goes at once.
WITH without_statements AS (
    DELETE FROM :"audit".sync_statements WHERE sync_run_id = ANY (:'runs'::bigint[])
    RETURNING sync_run_id
), without_texts AS (
    DELETE FROM :"audit".sync_statement_texts WHERE sync_run_id = ANY (:'runs'::bigint[])
    RETURNING sync_run_id
), gone AS (
    DELETE FROM :"audit".sync_batches WHERE sync_run_id = ANY (:'runs'::bigint[])
    RETURNING sync_run_id
)
SELECT
    (SELECT count(*) FROM without_statements), (SELECT count(*) FROM without_texts),
    (SELECT count(*) FROM gone);
