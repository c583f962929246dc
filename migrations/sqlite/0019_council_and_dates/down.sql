PRAGMA defer_foreign_keys = ON;
CREATE TABLE events_before AS SELECT * FROM events;
DROP TABLE events;
CREATE TABLE events (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    sequence INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    audience TEXT NOT NULL CHECK (audience IN ('everybody', 'own_unit', 'sheet_submitted', 'sheet_appraised', 'proposal', 'deadline')),
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    period_id TEXT,
    unit_id TEXT,
    at TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (organization_id, sequence),
    CHECK (audience IN ('everybody', 'deadline') OR unit_id IS NOT NULL)
) STRICT;
INSERT INTO events (organization_id, sequence, id, kind, audience, subject_type, subject_id, period_id, unit_id, at, data)
SELECT organization_id, sequence, id, kind, audience, subject_type, subject_id, period_id, unit_id, at, data FROM events_before WHERE audience <> 'council';
DROP TABLE events_before;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event never changes');
END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event never changes');
END;

ALTER TABLE tie_decisions DROP COLUMN totals;

CREATE TABLE council_sessions_before AS SELECT * FROM council_sessions;
DROP TABLE council_sessions;
CREATE TABLE council_sessions (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    held_on TEXT NOT NULL,
    place TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('planned', 'held', 'closed')),
    quorum_numerator INTEGER NOT NULL CHECK (quorum_numerator > 0),
    quorum_denominator INTEGER NOT NULL CHECK (quorum_denominator >= quorum_numerator),
    present INTEGER,
    needed INTEGER,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    CHECK ((status = 'planned') = (present IS NULL) AND (present IS NULL) = (needed IS NULL))
) STRICT;
INSERT INTO council_sessions (id, organization_id, period_id, held_on, place, status, quorum_numerator, quorum_denominator, present, needed, version,
    created_at, updated_at)
SELECT id, organization_id, period_id, held_on, place, status, quorum_numerator, quorum_denominator, present, needed, version,
    created_at, updated_at
FROM council_sessions_before;
DROP TABLE council_sessions_before;
CREATE INDEX council_sessions_of_period ON council_sessions (period_id);
CREATE TRIGGER council_sessions_no_update BEFORE UPDATE ON council_sessions
WHEN OLD.status = 'closed'
BEGIN
    SELECT RAISE(ABORT, 'a closed session never changes');
END;

CREATE TRIGGER council_sessions_no_delete BEFORE DELETE ON council_sessions
WHEN OLD.status = 'closed'
BEGIN
    SELECT RAISE(ABORT, 'a closed session never changes');
END;

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
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organization_id, code),
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, criteria_set_id) REFERENCES criteria_sets (organization_id, id),
    CHECK ((notice_on IS NULL) = (notice_number IS NULL)),
    CHECK ((status IN ('announced', 'closed')) = (notice_on IS NOT NULL)),
    CHECK ((status = 'cancelled') = (cancel_reason IS NOT NULL))
) STRICT;
-- A code that was given again stays with the period that has it now.
INSERT INTO periods (id, organization_id, code, title, year, criteria_set_id, status, self_assessment_due_on,
    appraisal_due_on, council_review_from_on, council_review_to_on, result_notice_due_on, late_submissions, council_scoring, tie_break, eligibility,
    when_ineligible, required_documents, dossier_working_days, dossier_semantics, notice_number, notice_on, cancel_reason, version,
    created_at, updated_at)
SELECT id, organization_id,
    CASE WHEN status = 'cancelled' AND EXISTS (SELECT 1 FROM periods_before other WHERE other.id <> periods_before.id
        AND other.organization_id = periods_before.organization_id AND other.code = periods_before.code)
    THEN code || '-' || id ELSE code END,
    title, year, criteria_set_id, status, self_assessment_due_on, appraisal_due_on, council_review_from_on, council_review_to_on,
    result_notice_due_on, late_submissions, council_scoring, tie_break, eligibility, when_ineligible, required_documents, dossier_working_days,
    dossier_semantics, notice_number, notice_on, cancel_reason, version, created_at, updated_at
FROM periods_before;
DROP TABLE periods_before;
