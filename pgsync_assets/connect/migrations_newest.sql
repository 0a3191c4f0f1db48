-- The newest migration that a schema of ours has seen; 0 where it has seen none.
SELECT coalesce(max(number), 0) FROM :"schema".:"table";
