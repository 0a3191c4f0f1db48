-- As edits.sql, of the wide table.
UPDATE public.customers SET c1 = c1 + 1, c195 = NOT c195 WHERE id % (:'step')::bigint = 0;
DELETE FROM public.customers WHERE id % 1000 = 500 + (:'round')::bigint;
INSERT INTO public.customers (id, c1)
SELECT (:'round')::bigint * 1000000000 + n, 0
FROM generate_series(1, (:'rows')::bigint / 1000) AS n;
