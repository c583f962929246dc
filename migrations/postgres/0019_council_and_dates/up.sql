-- The code of a cancelled period is free again.
ALTER TABLE periods DROP CONSTRAINT periods_organization_id_code_key;
CREATE UNIQUE INDEX periods_code ON periods (organization_id, code) WHERE status <> 'cancelled';

-- The day on which the council's review began is kept, since no session of an earlier day decides; of older periods the
-- audit tells it, within a day because it does not know the time zone.
ALTER TABLE periods ADD COLUMN council_review_started_on DATE;
UPDATE periods SET council_review_started_on =
    (SELECT MAX(at)::date FROM audit_entries WHERE subject_id = periods.id AND action = 'period.start_council_review');

-- Who presided in the chair's place.
ALTER TABLE council_sessions ADD COLUMN presiding_member_id TEXT REFERENCES members (id);

-- The totals that the council decided on, by unit: the decision stands while they do. Older decisions kept none.
ALTER TABLE tie_decisions ADD COLUMN totals TEXT;

-- Events for those who see the ranking before it is announced.
ALTER TABLE events DROP CONSTRAINT events_audience_check;
ALTER TABLE events DROP CONSTRAINT events_check;
ALTER TABLE events ADD CONSTRAINT events_audience_check
    CHECK (audience IN ('everybody', 'own_unit', 'sheet_submitted', 'sheet_appraised', 'proposal', 'deadline', 'council'));
ALTER TABLE events ADD CONSTRAINT events_check CHECK (audience IN ('everybody', 'deadline', 'council') OR unit_id IS NOT NULL);
