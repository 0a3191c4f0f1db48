-- As edits.sql, of the narrow table.
UPDATE public.customers SET value = value + 1 WHERE id % (:'step')::bigint = 0;
DELETE FROM public.customers WHERE id % 1000 = 500 + (:'round')::bigint;
INSERT INTO public.customers
SELECT (:'round')::bigint * 1000000000 + n, 0
FROM generate_series(1, (:'rows')::bigint / 1000) AS n;
