-- One table of about 200 bytes a row, as the benchmark's source: bigint key, uuid, texts, numeric,
-- timestamptz, boolean, jsonb, text[]. :'rows' rows.
CREATE TABLE public.customers (
    id bigint PRIMARY KEY,
    external_id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    balance numeric(14, 2) NOT NULL,
    updated_at timestamptz NOT NULL,
    is_active boolean NOT NULL,
    profile jsonb NOT NULL,
    tags text[] NOT NULL
);
INSERT INTO public.customers
SELECT
    n,
    md5(n::text)::uuid,
    'customer.' || n || '@example.com',
    'Customer number ' || n,
    (n % 1000000) / 100.0,
    timestamptz '2024-01-01 00:00+00' + n * interval '7 seconds',
    n % 3 = 0,
    jsonb_build_object('plan', (ARRAY['free', 'team', 'pro'])[n % 3 + 1], 'seats', n % 50),
    ARRAY['tag' || n % 10, 'region' || n % 7]
FROM generate_series(1, (:'rows')::bigint) AS n;
ANALYZE public.customers;
