-- pgbench: somebody works at the source while syncs run.
\set id random(1, 400)
\set what random(1, 20)
\set price random(-1, 12)
\if :what <= 2
DELETE FROM items WHERE id = :id;
\elif :what <= 6
INSERT INTO items VALUES (:id, 'row ' || :id, :price, :id % 2) ON CONFLICT DO NOTHING;
\elif :what <= 8
UPDATE items SET part = 1 - part WHERE id = :id;
\else
UPDATE items SET price = :price, name = name || '.' WHERE id BETWEEN :id AND :id + 3;
\endif
