-- The tables of an app that shows flights to people. They belong to the app, not to the syncs.
-- Runs in psql as it is, in one transaction, as the administrator, after app_owner.sql:
--   psql -1 -d demo_destination -f app_owner.sql -f destination_tables.sql

create schema app authorization app_owner;
set local role app_owner;

create table app.flights (
    year           integer not null,
    month          integer not null,
    day            integer not null,
    dep_time       integer,
    sched_dep_time integer not null,
    dep_delay      integer,
    arr_time       integer,
    sched_arr_time integer not null,
    arr_delay      integer,
    carrier        text not null,
    flight         integer not null,
    tailnum        text,
    origin         text not null,
    dest           text not null,
    air_time       integer,
    distance       integer not null,
    hour           integer not null,
    minute         integer not null,
    time_hour      timestamptz not null,
    primary key (time_hour, carrier, flight)
);

-- The app sells seats on airliners. Of the 3,322 planes 23 are refused: 21 have fewer than five
-- seats, three are older than 1960 (one is both).
create table app.planes (
    tailnum      text primary key,
    year         integer constraint planes_year_plausible check (year >= 1960),
    type         text not null,
    manufacturer text not null,
    model        text not null,
    engines      integer not null,
    seats        integer not null constraint planes_at_least_five_seats check (seats >= 5),
    speed        integer,
    engine       text not null
);

-- The app has names of its own: the sync maps the columns.
create table app.airports (
    code          text primary key,
    name          text not null,
    latitude      double precision not null,
    longitude     double precision not null,
    altitude_feet integer not null,
    time_zone     text
);

-- One row per airline, computed by the model.
create table app.carriers (
    code                  text primary key,
    name                  text not null,
    flights               bigint not null,
    cancelled             bigint not null,
    average_arrival_delay numeric(8, 2),  -- minutes
    last_departure        timestamptz
);

reset role;
analyze app.flights, app.planes, app.airports, app.carriers;
