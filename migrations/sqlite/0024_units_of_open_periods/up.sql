-- A unit that was set aside keeps its sheet but no longer takes part.
ALTER TABLE period_units ADD COLUMN set_aside_at TEXT;
ALTER TABLE period_units ADD COLUMN set_aside_reason TEXT CHECK ((set_aside_reason IS NULL) = (set_aside_at IS NULL));
ALTER TABLE period_units ADD COLUMN merged_into TEXT REFERENCES units (id) CHECK (merged_into IS NULL OR set_aside_at IS NOT NULL AND merged_into <> unit_id);
