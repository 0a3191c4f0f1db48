-- A delivery that is not known yet.
INSERT INTO :"ledger".pgsync_deliveries (writer, partition, delivery, content, planned, batch_ends)
VALUES (:'sync', :'partition', :'delivery', :'content', :'planned'::bigint,
        :'batch_ends'::bigint[])
ON CONFLICT (writer, partition, delivery) DO NOTHING;
