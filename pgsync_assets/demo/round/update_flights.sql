-- 2,500 flights of three months land later than was known. The round of edits chooses which.
-- psql -d demo_source -v round=1 -f update_flights.sql

update nyc.flights as f
set dep_delay = coalesce(f.dep_delay, 0) + 3,
    arr_delay = coalesce(f.arr_delay, 0) + 5
from (
    select time_hour, carrier, flight
    from nyc.flights
    where month in (
        1 + (:'round'::integer * 3) % 12,
        1 + (:'round'::integer * 3 + 2) % 12,
        1 + (:'round'::integer * 3 + 5) % 12
    )
    order by hash_record_extended(row(time_hour, carrier, flight), :'round'::bigint)
    limit 2500
) as chosen
where (f.time_hour, f.carrier, f.flight) = (chosen.time_hour, chosen.carrier, chosen.flight);
