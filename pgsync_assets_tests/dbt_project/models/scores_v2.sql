select customer_id, orders as score from {{ ref('customers') }}
