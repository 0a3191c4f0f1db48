select customer_id from {{ ref('customers') }} where orders > 1
