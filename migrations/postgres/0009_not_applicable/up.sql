ALTER TABLE criteria_sets ADD COLUMN not_applicable TEXT NOT NULL DEFAULT 'refused' CHECK (not_applicable IN ('refused', 'excluded', 'rescaled'));
