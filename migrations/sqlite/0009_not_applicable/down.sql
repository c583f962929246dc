ALTER TABLE criteria_sets DROP COLUMN not_applicable;
