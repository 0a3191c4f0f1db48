-- The statements of a run, each text once: what for, how often, how long, in the order of sending.
SELECT
    text.text,
    array_agg(DISTINCT sent.action ORDER BY sent.action),
    count(*),
    coalesce(sum(extract(epoch FROM sent.duration)), 0)::double precision,
    count(sent.sqlstate)
FROM :"audit".sync_statements AS sent
JOIN :"audit".sync_statement_texts AS text
    ON text.sync_run_id = sent.sync_run_id AND text.statement = sent.statement
WHERE sent.sync_run_id = :'run'::bigint
GROUP BY text.statement, text.text
ORDER BY min(sent.started_at), text.statement;
