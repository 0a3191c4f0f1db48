-- One row per airline: how often it flew, and how late it was.
SELECT
    airlines.carrier AS code,
    airlines.name,
    count(*) AS flights,
    count(*) FILTER (WHERE flights.dep_time IS NULL) AS cancelled,
    avg(flights.arr_delay)::numeric(8, 2) AS average_arrival_delay,
    max(flights.time_hour) AS last_departure
FROM nyc.flights AS flights
JOIN nyc.airlines AS airlines ON airlines.carrier = flights.carrier
GROUP BY airlines.carrier, airlines.name
