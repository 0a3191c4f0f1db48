-- How rows of a sync were named when they were written last.
SELECT mark FROM :"audit".row_names WHERE sync_id = :'sync';
