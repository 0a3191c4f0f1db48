-- How long each of the next statements of the transaction may take.
SELECT pg_catalog.set_config('statement_timeout', :'statement_timeout', true);
