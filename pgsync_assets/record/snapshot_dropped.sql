-- Nothing is known any more of how the rows of a sync stand; what happened to them stays.
DELETE FROM :"audit".sync_snapshot WHERE sync_id = :'sync';
