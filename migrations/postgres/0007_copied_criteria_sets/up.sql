-- Without a foreign key, so that the column can be dropped again; a criteria set is never deleted.
ALTER TABLE criteria_sets ADD COLUMN copied_from_id TEXT;
