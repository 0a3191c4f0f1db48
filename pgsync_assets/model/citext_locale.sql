-- What cannot be measured by letters where the database is not in UTF-8; NULL where it is.
SELECT CASE
    WHEN getdatabaseencoding() <> 'UTF8' THEN getdatabaseencoding() || ' ' || datctype
END AS locale
FROM pg_catalog.pg_database
WHERE datname = current_database();
