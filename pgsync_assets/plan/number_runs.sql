-- Runs are numbered above those that the ledger knows from another planner; and above all that there
-- were here, also those that the planner has forgotten since: the audit may still have them.
SELECT pg_catalog.setval(
    pg_catalog.pg_get_serial_sequence(pg_catalog.quote_ident(:'schema') || '.runs', 'id'),
    greatest(
        :'run'::bigint,
        pg_catalog.nextval(
            pg_catalog.pg_get_serial_sequence(pg_catalog.quote_ident(:'schema') || '.runs', 'id')
        ),
        (SELECT max(id) FROM :"planner".runs),
        (SELECT max(last_run) FROM :"planner".refused_rows)));
