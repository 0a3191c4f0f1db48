-- Rows that a run refused for their key, by key: the most frequent ones of both kinds first.
SELECT
    row_id,
    reason = :'missing' AS is_missing,
    count(*) AS rows,
    coalesce(sum(count(*)) FILTER (WHERE reason = :'missing') OVER (), 0)::bigint AS all_missing,
    coalesce(sum(count(*)) FILTER (WHERE reason = :'repeated') OVER (), 0)::bigint AS all_repeated
FROM :"planner".rejections
WHERE run_id = :'run'::bigint AND reason IN (:'missing', :'repeated')
GROUP BY row_id, reason
ORDER BY row_number() OVER (PARTITION BY reason ORDER BY count(*) DESC, row_id), reason
LIMIT :'limit'::bigint;
