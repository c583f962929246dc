-- The code of a cancelled period is free again.
ALTER TABLE periods DROP CONSTRAINT periods_organization_id_code_key;
CREATE UNIQUE INDEX periods_code ON periods (organization_id, code) WHERE status <> 'cancelled';

-- The day on which the council's review began is kept, since no session of an earlier day decides; of older periods the
-- audit tells it, within a day because it does not know the time zone.
ALTER TABLE periods ADD COLUMN council_review_started_on DATE;
UPDATE periods SET council_review_started_on =
    (SELECT MAX(at)::date FROM audit_entries WHERE subject_id = periods.id AND action = 'period.start_council_review');
