-- Of types by their names, whether their values are compared by a collation.
SELECT spelled, base.typcollation <> 0
FROM unnest(:'types'::text[]) AS spelled
JOIN pg_catalog.pg_type AS base ON base.oid = spelled::pg_catalog.regtype;
