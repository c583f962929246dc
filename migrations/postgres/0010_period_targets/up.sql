-- In ten-thousandths of the unit of measure.
CREATE TABLE period_targets (
    period_id TEXT NOT NULL REFERENCES periods (id),
    unit_id TEXT NOT NULL REFERENCES units (id),
    criterion_code TEXT NOT NULL,
    target BIGINT NOT NULL CHECK (target > 0),
    unit_of_measure TEXT NOT NULL,
    PRIMARY KEY (period_id, unit_id, criterion_code)
);
