-- Who we are in the ledgers of the destinations.
SELECT id FROM :"planner".installation;
