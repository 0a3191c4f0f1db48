-- Rows that were named by a hash that nobody can make any more.
DELETE FROM :"audit".snapshot_failures WHERE sync_id = :'sync';
