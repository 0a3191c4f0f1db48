-- In which encoding texts travel, local to the transaction.
SELECT pg_catalog.set_config('client_encoding', :'encoding', true);
