-- A table with a row, to see that it can be made and written. To be rolled back.
CREATE TABLE :"schema".pgsync_connection_test AS SELECT 1 AS n;
