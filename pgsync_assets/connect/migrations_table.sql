-- Which numbered migrations a schema of ours has seen.
CREATE TABLE :"schema".:"table" (
    number integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON :"schema".:"table" FROM PUBLIC;
