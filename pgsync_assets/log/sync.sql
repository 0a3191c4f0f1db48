-- The sync as it is now. What is not known keeps what was known before.
INSERT INTO :"log".syncs AS known
    (installation, sync, kind, source, model, engine, mode, delete_behavior, destination_table,
     columns)
VALUES
    (:'installation'::uuid, :'sync', :'kind', :'source', :'model', :'engine', :'mode',
     :'delete_behavior', :'destination_table', :'columns'::text[])
ON CONFLICT (installation, sync) DO UPDATE SET
    source = excluded.source,
    model = excluded.model,
    engine = excluded.engine,
    mode = excluded.mode,
    delete_behavior = excluded.delete_behavior,
    destination_table = excluded.destination_table,
    columns = coalesce(excluded.columns, known.columns),
    last_seen_at = now();
