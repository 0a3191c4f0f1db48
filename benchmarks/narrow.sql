-- Two columns. :'rows' rows.
CREATE TABLE public.customers (id bigint PRIMARY KEY, value integer NOT NULL);
INSERT INTO public.customers
SELECT n, (n % 1000)::integer FROM generate_series(1, (:'rows')::bigint) AS n;
