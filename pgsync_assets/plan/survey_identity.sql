-- Which planner this is: two connections may lead to one, and a copy of a database keeps the name.
SELECT id, current_database(), pg_catalog.pg_postmaster_start_time()::text
FROM :"planner".installation;
