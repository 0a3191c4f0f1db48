-- PostgreSQL of the platform, once, when its volume is empty: two roles that may log in and nothing
-- else, each with a database of its own. Passwords come from the environment of the container.
\set dagster `printenv DAGSTER_PG_PASSWORD`
\set platform `printenv PGSYNC_PLATFORM_PASSWORD`
SET log_min_error_statement = 'panic'; -- no password in the log, whatever happens
SET password_encryption = 'scram-sha-256';
CREATE ROLE dagster LOGIN PASSWORD :'dagster';
CREATE ROLE platform LOGIN PASSWORD :'platform';
CREATE DATABASE dagster OWNER dagster;
CREATE DATABASE platform OWNER platform;
REVOKE ALL ON DATABASE dagster, platform, postgres, template1 FROM PUBLIC;
