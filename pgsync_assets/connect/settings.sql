-- Settings that a transaction relies on, as they are now: how values are written as text, whose
-- rights and which names hold, and when a COMMIT is one.
SELECT setting.name, pg_catalog.current_setting(setting.name)
FROM (VALUES
    ('DateStyle'), ('IntervalStyle'), ('TimeZone'), ('extra_float_digits'), ('bytea_output'),
    ('lc_monetary'), ('xmloption'), ('quote_all_identifiers'), ('search_path'),
    ('role'), ('row_security'), ('session_replication_role'), ('synchronous_commit')
) AS setting (name);
