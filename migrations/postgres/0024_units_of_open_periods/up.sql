-- A unit that was set aside keeps its sheet but no longer takes part.
ALTER TABLE period_units
    ADD COLUMN set_aside_at TIMESTAMP,
    ADD COLUMN set_aside_reason TEXT,
    ADD COLUMN merged_into TEXT,
    ADD CHECK ((set_aside_reason IS NULL) = (set_aside_at IS NULL)),
    ADD CHECK (merged_into IS NULL OR set_aside_at IS NOT NULL AND merged_into <> unit_id),
    ADD FOREIGN KEY (organization_id, merged_into) REFERENCES units (organization_id, id);
