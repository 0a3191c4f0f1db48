-- As narrow.sql, with a key of 16 bytes, in the order of the rows. :'rows' rows.
CREATE TABLE public.customers (
    id uuid PRIMARY KEY, number bigint NOT NULL, value integer NOT NULL
);
INSERT INTO public.customers
SELECT lpad(to_hex(n), 32, '0')::uuid, n, (n % 1000)::integer
FROM generate_series(1, (:'rows')::bigint) AS n;
