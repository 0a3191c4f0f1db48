-- First statement of every transaction: nothing depends on what the role or the database defaults
-- to, and text leaves one server exactly as it enters the other (as pg_dump pins its sessions).
-- Settings that this version does not know are passed over. Local to the transaction, so that a
-- pooler in transaction mode hands on a clean session (PgBouncer; traps 57 and 63).
SELECT count(pg_catalog.set_config(pin.name, pin.value, true))
FROM (VALUES
    ('search_path', :'search_path'),
    ('lock_timeout', :'lock_timeout'),
    ('application_name', :'application_name'),
    ('client_encoding', 'UTF8'),
    ('datestyle', 'ISO, YMD'),
    ('intervalstyle', 'postgres'),
    ('timezone', :'time_zone'),
    ('extra_float_digits', '3'),
    ('bytea_output', 'hex'),
    ('lc_monetary', 'C'),
    ('xmloption', 'content'),
    ('standard_conforming_strings', 'on'),
    ('array_nulls', 'on'),
    ('transform_null_equals', 'off'),
    ('quote_all_identifiers', 'off'),
    ('row_security', 'off'),
    ('synchronous_commit', 'on'),
    ('jit', 'off'),
    ('statement_timeout', '0'),
    ('idle_in_transaction_session_timeout', '0'),
    ('transaction_timeout', '0'),
    ('client_connection_check_interval', '1s'),
    -- A machine that is gone without a word is noticed in 25 s, and what it locked is free: sooner
    -- than Dagster has another worker try the run (docs/workers.md).
    ('tcp_keepalives_idle', '10'),
    ('tcp_keepalives_interval', '5'),
    ('tcp_keepalives_count', '3')
) AS pin (name, value)
WHERE pg_catalog.current_setting(pin.name, true) IS NOT NULL
    -- Elsewhere than on Linux a server may refuse any interval but 0.
    AND (pin.name <> 'client_connection_check_interval' OR pg_catalog.version() ~ 'linux');
