-- Up to which run a name was another sync's, which was renamed since.
SELECT coalesce(max(until_run), 0)
FROM :"audit".former_names
WHERE former_id = :'sync' AND sync_id <> :'sync';
