-- Letters that citext calls equal to an earlier one: it compares what lower() makes of them, which
-- depends on the locale of the database. Latin, Greek, Cyrillic, Armenian, full width.
-- Behind another letter, as some rules look at the neighbour.
SELECT pair.letter, pair.first
FROM (
    SELECT
        letter,
        min(letter) OVER (PARTITION BY lower('I' || chr(letter)) COLLATE "C") AS first
    FROM (VALUES (1, 1423), (7680, 8191), (65313, 65370)) AS script (low, high)
    CROSS JOIN LATERAL generate_series(
        script.low, CASE getdatabaseencoding() WHEN 'UTF8' THEN script.high ELSE 127 END
    ) AS letter
) AS pair
WHERE pair.first <> pair.letter;
