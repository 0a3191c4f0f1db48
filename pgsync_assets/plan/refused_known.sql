-- Whether a planner counts refused rows: one of an older version, that no run has migrated, does not.
SELECT pg_catalog.to_regclass(pg_catalog.format('%I.refused_rows', :'schema'::text))
    IS NOT NULL;
