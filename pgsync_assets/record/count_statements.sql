-- How much of what was sent would go: see prune_statements.
SELECT
    (SELECT count(*) FROM :"audit".sync_statements WHERE sync_run_id = ANY (:'runs'::bigint[])),
    (SELECT count(*) FROM :"audit".sync_statement_texts
        WHERE sync_run_id = ANY (:'runs'::bigint[])),
    (SELECT count(*) FROM :"audit".sync_batches WHERE sync_run_id = ANY (:'runs'::bigint[]));
