-- Statements that a run sent, each once.
INSERT INTO :"audit".sync_statement_texts (sync_run_id, statement, text)
SELECT :'run'::bigint, sent.statement, sent.text
FROM json_to_recordset(:'texts'::json) AS sent (statement bigint, text text)
ON CONFLICT DO NOTHING;
