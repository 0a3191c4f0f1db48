-- A refused row, in the transaction of its batch: a crash must not turn it into an accepted one.
INSERT INTO :"ledger".pgsync_rejects
    (installation, sync, partition, run, plan_row, sqlstate, constraint_name, column_name, reason)
VALUES
    (:'installation'::uuid, :'sync', :'partition', :'run'::bigint, :'plan_row'::bigint,
     :'sqlstate', :'constraint', :'column', :'reason');
