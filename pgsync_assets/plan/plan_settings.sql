-- A comparison is one hash or sort of the whole model: with the default of 4 MB it goes to disk in
-- many parts. Local to the transaction; a server that has more set keeps it.
SELECT pg_catalog.set_config('work_mem', '64MB', true)
WHERE pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) < 64 * 1024 * 1024;
