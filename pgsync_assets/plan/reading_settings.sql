-- Digests are computed where the rows are, and cost more than PostgreSQL thinks; what is passed on is
-- small. With the default it would rather not let parallel workers do it (1.2 times the time of a
-- run where nothing changed). Local to the transaction; a server that allows no workers has none.
SELECT pg_catalog.set_config('parallel_tuple_cost', '0', true);
