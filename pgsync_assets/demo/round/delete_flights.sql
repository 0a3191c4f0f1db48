-- 300 flights are struck from the records, in a month that the round does not update.
-- psql -d demo_source -v round=1 -f delete_flights.sql

delete from nyc.flights as f
using (
    select time_hour, carrier, flight
    from nyc.flights
    where month = 1 + (:'round'::integer * 3 + 1) % 12
    order by hash_record_extended(row(time_hour, carrier, flight), :'round'::bigint)
    limit 300
) as chosen
where (f.time_hour, f.carrier, f.flight) = (chosen.time_hour, chosen.carrier, chosen.flight);
