CREATE TABLE criteria_sets (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    code TEXT NOT NULL,
    title TEXT NOT NULL,
    year INTEGER NOT NULL,
    legal_basis TEXT,
    total_points INTEGER NOT NULL CHECK (total_points > 0),
    parts TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'retired')),
    published_at TEXT,
    retired_at TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organization_id, code),
    UNIQUE (organization_id, id),
    CHECK ((status = 'draft') = (published_at IS NULL)),
    CHECK ((status = 'retired') = (retired_at IS NOT NULL))
) STRICT;

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

CREATE TABLE period_units (
    period_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    PRIMARY KEY (period_id, unit_id),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    FOREIGN KEY (organization_id, unit_id) REFERENCES units (organization_id, id)
) STRICT;

CREATE TABLE period_awards (
    period_id TEXT NOT NULL REFERENCES periods (id),
    position INTEGER NOT NULL,
    code TEXT NOT NULL,
    title TEXT NOT NULL,
    quota INTEGER NOT NULL CHECK (quota BETWEEN 1 AND 1000),
    PRIMARY KEY (period_id, code),
    UNIQUE (period_id, position),
    UNIQUE (period_id, code, quota)
) STRICT;

CREATE TABLE facts (
    period_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    anybody_disciplined INTEGER NOT NULL CHECK (anybody_disciplined IN (0, 1)),
    party_cell_rating TEXT NOT NULL CHECK (party_cell_rating IN ('outstanding', 'good', 'satisfactory', 'unsatisfactory')),
    under_inspection INTEGER NOT NULL CHECK (under_inspection IN (0, 1)),
    source_document TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (period_id, unit_id),
    FOREIGN KEY (period_id, unit_id) REFERENCES period_units (period_id, unit_id)
) STRICT;

CREATE TRIGGER criteria_sets_no_update BEFORE UPDATE ON criteria_sets
WHEN OLD.status <> 'draft' AND (NEW.parts <> OLD.parts OR NEW.total_points <> OLD.total_points OR NEW.code <> OLD.code OR NEW.status = 'draft')
BEGIN
    SELECT RAISE(ABORT, 'a published criteria set never changes');
END;
