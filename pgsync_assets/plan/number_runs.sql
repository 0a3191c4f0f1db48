-- Runs are numbered above those that the ledger knows from another planner.
SELECT pg_catalog.setval(
    pg_catalog.pg_get_serial_sequence(pg_catalog.quote_ident(:'schema') || '.runs', 'id'),
    greatest(
        :'run'::bigint,
        (SELECT max(id) FROM :"planner".runs),
        (SELECT max(last_run) FROM :"planner".refused_rows),
        1));
