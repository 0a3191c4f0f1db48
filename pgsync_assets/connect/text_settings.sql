-- Settings that decide how values are written as text, as they are now.
SELECT setting.name, pg_catalog.current_setting(setting.name)
FROM (VALUES
    ('DateStyle'), ('IntervalStyle'), ('TimeZone'), ('extra_float_digits'), ('bytea_output'),
    ('lc_monetary'), ('xmloption'), ('quote_all_identifiers'), ('search_path')
) AS setting (name);
