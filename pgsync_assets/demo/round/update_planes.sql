-- 20 planes get a seat more, and 3 whose number of seats was a mistake get the right one: the app
-- has refused those and takes them at the next sync.
-- psql -d demo_source -v round=1 -f update_planes.sql

update nyc.planes as p
set seats = case when p.seats < 5 then p.seats + 5 else p.seats + 1 end
from (
    (
        select tailnum from nyc.planes
        where seats >= 5
        order by hash_record_extended(row(tailnum), :'round'::bigint)
        limit 20
    )
    union all
    (
        select tailnum from nyc.planes
        where seats < 5 and (year is null or year >= 1960)
        order by hash_record_extended(row(tailnum), :'round'::bigint)
        limit 3
    )
) as chosen
where p.tailnum = chosen.tailnum;
