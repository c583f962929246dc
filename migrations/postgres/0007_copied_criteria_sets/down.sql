ALTER TABLE criteria_sets DROP COLUMN copied_from_id;
