-- In which an instant is shown.
SELECT pg_catalog.current_setting('TimeZone');
