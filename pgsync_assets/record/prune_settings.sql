-- Who prunes waits for nobody: what is locked for longer is left to the next pass.
SELECT pg_catalog.set_config('lock_timeout', :'lock_timeout', true);
