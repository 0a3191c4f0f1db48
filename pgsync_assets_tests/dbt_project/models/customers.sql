select customer_id, orders from {{ ref('steps') }}
