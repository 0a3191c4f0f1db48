-- A schema, where it is missing. To be rolled back.
CREATE SCHEMA IF NOT EXISTS :"schema";
