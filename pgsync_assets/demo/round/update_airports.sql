-- 15 airports are surveyed again and found a foot higher.
-- psql -d demo_source -v round=1 -f update_airports.sql

update nyc.airports as a
set alt = a.alt + 1
from (
    select faa from nyc.airports
    order by hash_record_extended(row(faa), :'round'::bigint)
    limit 15
) as chosen
where a.faa = chosen.faa;
