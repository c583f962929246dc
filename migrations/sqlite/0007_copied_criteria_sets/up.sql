-- Without a foreign key, so that the column can be taken away again; a table of criteria is never deleted.
ALTER TABLE criteria_sets ADD COLUMN copied_from_id TEXT;
