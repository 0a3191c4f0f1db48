-- Keys and statistics of the source, once its rows are there.

alter table nyc.airlines add primary key (carrier);
alter table nyc.airports add primary key (faa);
alter table nyc.planes   add primary key (tailnum);
alter table nyc.weather  add primary key (origin, time_hour);
alter table nyc.flights  add primary key (time_hour, carrier, flight);

analyze nyc.airlines, nyc.airports, nyc.planes, nyc.weather, nyc.flights;
