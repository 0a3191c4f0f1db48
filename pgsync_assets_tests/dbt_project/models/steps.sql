select customer_id, count(*)::integer as orders from {{ ref('order_lines') }} group by customer_id
