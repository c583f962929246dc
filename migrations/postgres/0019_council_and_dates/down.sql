ALTER TABLE events DISABLE TRIGGER events_no_delete;
DELETE FROM events WHERE audience = 'council';
ALTER TABLE events ENABLE TRIGGER events_no_delete;
ALTER TABLE events DROP CONSTRAINT events_audience_check;
ALTER TABLE events DROP CONSTRAINT events_check;
ALTER TABLE events ADD CONSTRAINT events_audience_check
    CHECK (audience IN ('everybody', 'own_unit', 'sheet_submitted', 'sheet_appraised', 'proposal', 'deadline'));
ALTER TABLE events ADD CONSTRAINT events_check CHECK (audience IN ('everybody', 'deadline') OR unit_id IS NOT NULL);

ALTER TABLE tie_decisions DROP COLUMN totals;
ALTER TABLE council_sessions DROP COLUMN presiding_member_id;

ALTER TABLE periods DROP COLUMN council_review_started_on;

-- A code that was given again stays with the period that has it now.
UPDATE periods SET code = code || '-' || id WHERE status = 'cancelled' AND EXISTS (
    SELECT 1 FROM periods other WHERE other.id <> periods.id AND other.organization_id = periods.organization_id AND other.code = periods.code);
DROP INDEX periods_code;
ALTER TABLE periods ADD CONSTRAINT periods_organization_id_code_key UNIQUE (organization_id, code);
