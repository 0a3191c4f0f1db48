-- pgbench: somebody works at a large table while a long run is on.
\set id random(1, :rows)
UPDATE items SET price = price + 1, name = name || '.' WHERE id = :id;
