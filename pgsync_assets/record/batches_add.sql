-- Batches that have ended, and what was sent in each; one that was tried before is another attempt.
WITH ended AS (
    SELECT *
    FROM json_to_recordset(:'ended'::json) AS batch (
        batch bigint, age double precision, seconds double precision, first_row bigint,
        last_row bigint, rows bigint, removals bigint, rejected bigint, bytes bigint, status text,
        sqlstate text, error text, statements bigint
    )
), added AS (
    INSERT INTO :"audit".sync_batches (
        sync_id, sync_run_id, batch, attempt, partition, started_at, duration, first_row, last_row,
        rows, removals, rejected, bytes, status, sqlstate, error, statements
    )
    SELECT
        :'sync'::text, :'run'::bigint, ended.batch,
        1 + (
            SELECT count(*)
            FROM :"audit".sync_batches AS earlier
            WHERE earlier.sync_run_id = :'run'::bigint AND earlier.batch = ended.batch
        ),
        :'partition'::text, statement_timestamp() - ended.age * interval '1 second',
        ended.seconds * interval '1 second', ended.first_row, ended.last_row, ended.rows,
        ended.removals, ended.rejected, ended.bytes, ended.status, ended.sqlstate, ended.error,
        ended.statements
    FROM ended
    ON CONFLICT DO NOTHING
    RETURNING batch, attempt
)
INSERT INTO :"audit".sync_statements (
    sync_run_id, batch, attempt, step, action, first_row, last_row, rows, bytes, started_at,
    duration, sqlstate, error, statement
)
SELECT
    :'run'::bigint, added.batch, added.attempt, sent.step, sent.action, sent.first_row,
    sent.last_row, sent.rows, sent.bytes,
    statement_timestamp() - sent.age * interval '1 second', sent.seconds * interval '1 second',
    sent.sqlstate, sent.error, sent.statement
FROM json_to_recordset(:'steps'::json) AS sent (
    batch bigint, step integer, action text, first_row bigint, last_row bigint, rows bigint,
    bytes bigint, age double precision, seconds double precision, sqlstate text, error text,
    statement bigint
)
JOIN added USING (batch);
