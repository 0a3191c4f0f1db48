-- A temporary table with a row, to see that it can be made. To be rolled back.
CREATE TEMPORARY TABLE pgsync_connection_test ON COMMIT DROP AS SELECT 1 AS n;
