ALTER TABLE period_units DROP COLUMN merged_into;
ALTER TABLE period_units DROP COLUMN set_aside_reason;
ALTER TABLE period_units DROP COLUMN set_aside_at;
