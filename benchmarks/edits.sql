-- One row in :'step' changed, 0.1 % deleted, 0.1 % new; :'round' makes each round's edits its own.
UPDATE public.customers SET balance = balance + 0.01, is_active = NOT is_active, updated_at = now()
WHERE id % (:'step')::bigint = 0;
DELETE FROM public.customers WHERE id % 1000 = 500 + (:'round')::bigint;
INSERT INTO public.customers
SELECT
    (:'round')::bigint * 1000000000 + n, md5((-n)::text)::uuid, 'new.' || n || '@example.com',
    'New customer ' || n, 0, now(), true, '{}', '{}'
FROM generate_series(1, (:'rows')::bigint / 1000) AS n;
