-- A load begins: its number names its table.
INSERT INTO :"planner".frames (model, loaded_by, columns)
VALUES (:'model', :'by', :'columns'::jsonb)
RETURNING number;
