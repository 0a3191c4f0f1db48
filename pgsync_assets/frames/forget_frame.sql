-- Forgets a load; its table goes in the same transaction.
DELETE FROM :"planner".frames WHERE number = :'number'::bigint;
