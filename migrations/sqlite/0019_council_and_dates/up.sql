-- The code of a cancelled period is free again. The day on which the council's review began is kept, since no session of
-- an earlier day decides; of older periods the audit tells it, within a day because it does not know the time zone.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE periods_before AS SELECT * FROM periods;
DROP TABLE periods;
CREATE TABLE periods (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    code TEXT NOT NULL,
    title TEXT NOT NULL,
    year INTEGER NOT NULL,
    criteria_set_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'self_assessment', 'appraisal', 'council_review', 'finalized', 'announced', 'closed', 'cancelled')),
    self_assessment_due_on TEXT NOT NULL,
    appraisal_due_on TEXT NOT NULL,
    council_review_from_on TEXT NOT NULL,
    council_review_to_on TEXT NOT NULL,
    result_notice_due_on TEXT NOT NULL,
    late_submissions TEXT NOT NULL CHECK (late_submissions IN ('reject', 'accept_flagged')),
    council_scoring TEXT NOT NULL CHECK (council_scoring = 'agreed'),
    tie_break TEXT NOT NULL,
    eligibility TEXT NOT NULL,
    when_ineligible TEXT NOT NULL CHECK (when_ineligible IN ('pass_down', 'leave_vacant')),
    required_documents TEXT NOT NULL,
    dossier_working_days INTEGER NOT NULL CHECK (dossier_working_days BETWEEN 1 AND 250),
    dossier_semantics TEXT NOT NULL CHECK (dossier_semantics IN ('not_later_than', 'not_before')),
    notice_number TEXT,
    notice_on TEXT,
    cancel_reason TEXT,
    council_review_started_on TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, criteria_set_id) REFERENCES criteria_sets (organization_id, id),
    CHECK ((notice_on IS NULL) = (notice_number IS NULL)),
    CHECK ((status IN ('announced', 'closed')) = (notice_on IS NOT NULL)),
    CHECK ((status = 'cancelled') = (cancel_reason IS NOT NULL))
) STRICT;
INSERT INTO periods (id, organization_id, code, title, year, criteria_set_id, status, self_assessment_due_on,
    appraisal_due_on, council_review_from_on, council_review_to_on, result_notice_due_on, late_submissions, council_scoring, tie_break, eligibility,
    when_ineligible, required_documents, dossier_working_days, dossier_semantics, notice_number, notice_on, cancel_reason, council_review_started_on, version,
    created_at, updated_at)
SELECT id, organization_id, code, title, year, criteria_set_id, status, self_assessment_due_on,
    appraisal_due_on, council_review_from_on, council_review_to_on, result_notice_due_on, late_submissions, council_scoring, tie_break, eligibility,
    when_ineligible, required_documents, dossier_working_days, dossier_semantics, notice_number, notice_on, cancel_reason,
    (SELECT date(MAX(at)) FROM audit_entries WHERE subject_id = periods_before.id AND action = 'period.start_council_review'), version,
    created_at, updated_at
FROM periods_before;
DROP TABLE periods_before;
CREATE UNIQUE INDEX periods_code ON periods (organization_id, code) WHERE status <> 'cancelled';

-- Who presided in the chair's place.
ALTER TABLE council_sessions ADD COLUMN presiding_member_id TEXT REFERENCES members (id);

-- The totals that the council decided on, by unit: the decision stands while they do. Older decisions kept none.
ALTER TABLE tie_decisions ADD COLUMN totals TEXT;

-- Events for those who see the ranking before it is announced.
CREATE TABLE events_before AS SELECT * FROM events;
DROP TABLE events;
CREATE TABLE events (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    sequence INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    audience TEXT NOT NULL CHECK (audience IN ('everybody', 'own_unit', 'sheet_submitted', 'sheet_appraised', 'proposal', 'deadline', 'council')),
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    period_id TEXT,
    unit_id TEXT,
    at TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (organization_id, sequence),
    CHECK (audience IN ('everybody', 'deadline', 'council') OR unit_id IS NOT NULL)
) STRICT;
INSERT INTO events (organization_id, sequence, id, kind, audience, subject_type, subject_id, period_id, unit_id, at, data)
SELECT organization_id, sequence, id, kind, audience, subject_type, subject_id, period_id, unit_id, at, data FROM events_before;
DROP TABLE events_before;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event never changes');
END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event never changes');
END;
