-- 400 extra flights: copies of scheduled ones under a number that no earlier round has used.
-- psql -d demo_source -v round=1 -f insert_flights.sql

insert into nyc.flights (
    year, month, day, dep_time, sched_dep_time, dep_delay, arr_time, sched_arr_time, arr_delay,
    carrier, flight, tailnum, origin, dest, air_time, distance, hour, minute, time_hour
)
select
    year, month, day, null, sched_dep_time, null, null, sched_arr_time, null,
    carrier, flight + 10000 * :'round'::integer, null, origin, dest, null, distance, hour, minute,
    time_hour
from nyc.flights
where flight < 10000 and month = 1 + (:'round'::integer * 3) % 12
order by hash_record_extended(row(time_hour, carrier, flight), -:'round'::bigint)
limit 400;
