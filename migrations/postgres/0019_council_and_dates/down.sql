ALTER TABLE periods DROP COLUMN council_review_started_on;

-- A code that was given again stays with the period that has it now.
UPDATE periods SET code = code || '-' || id WHERE status = 'cancelled' AND EXISTS (
    SELECT 1 FROM periods other WHERE other.id <> periods.id AND other.organization_id = periods.organization_id AND other.code = periods.code);
DROP INDEX periods_code;
ALTER TABLE periods ADD CONSTRAINT periods_organization_id_code_key UNIQUE (organization_id, code);
