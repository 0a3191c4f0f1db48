-- What was sent in one batch, try by try, in its order.
SELECT
    sent.attempt, sent.step, sent.action, sent.first_row, sent.last_row, sent.rows, sent.bytes,
    sent.started_at, extract(epoch FROM sent.duration)::double precision, sent.sqlstate, sent.error,
    known.text
FROM :"audit".sync_statements AS sent
LEFT JOIN :"audit".sync_statement_texts AS known USING (sync_run_id, statement)
WHERE sent.sync_run_id = :'run'::bigint AND sent.batch = :'batch'::bigint
ORDER BY sent.attempt, sent.step;
