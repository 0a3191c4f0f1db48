-- A part of the events that are older than is kept.
DELETE FROM :"log".log
WHERE id = ANY (ARRAY(
    SELECT id FROM :"log".log
    WHERE time_stamp < now() - :'kept'::interval
    ORDER BY time_stamp
    LIMIT :'limit'::bigint
));
