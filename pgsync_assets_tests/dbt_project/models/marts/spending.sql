select customer_id, sum(amount) as amount from {{ ref('order_lines') }} group by customer_id
