-- A load that a run still reads is dropped by a later one.
SELECT pg_catalog.set_config('lock_timeout', :'lock_timeout', true);
