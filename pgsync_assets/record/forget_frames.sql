-- Loads of a model that is a frame: each is a table of the planner's.
SELECT number FROM :"planner".frames WHERE model = :'model' ORDER BY number;
