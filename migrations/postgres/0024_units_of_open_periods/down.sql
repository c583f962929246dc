ALTER TABLE period_units
    DROP COLUMN merged_into,
    DROP COLUMN set_aside_reason,
    DROP COLUMN set_aside_at;
