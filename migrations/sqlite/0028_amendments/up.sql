-- What a result is changed by once it is final: asked for by one, approved or rejected by another.
CREATE TABLE amendments (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    unit_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'rejected')),
    reason TEXT NOT NULL,
    legal_basis TEXT NOT NULL,
    scores TEXT NOT NULL,
    facts TEXT,
    asked_by TEXT NOT NULL REFERENCES members (id),
    decided_by TEXT REFERENCES members (id),
    decided_at TEXT,
    decision_reason TEXT,
    ranking_version INTEGER,
    published_at TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    FOREIGN KEY (organization_id, unit_id) REFERENCES units (organization_id, id),
    CHECK ((status = 'pending') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)),
    CHECK (status <> 'rejected' OR decision_reason IS NOT NULL),
    CHECK ((status = 'approved') = (ranking_version IS NOT NULL)),
    CHECK (published_at IS NULL OR status = 'approved'),
    CHECK (decided_by IS NULL OR decided_by <> asked_by)
) STRICT;
CREATE INDEX amendments_of_organization ON amendments (organization_id, id);
CREATE INDEX amendments_of_period ON amendments (period_id, id);
CREATE UNIQUE INDEX amendments_open ON amendments (submission_id) WHERE status = 'pending' OR status = 'approved' AND published_at IS NULL;

ALTER TABLE reviews ADD COLUMN amendment_id TEXT REFERENCES amendments (id);
ALTER TABLE revisions ADD COLUMN amendment_id TEXT REFERENCES amendments (id);

-- The versions of the ranking: the one that was frozen last, the one that was announced, and whether the council has a tie of the
-- last one to decide. JSON, since a table of the program has at most 32 columns.
ALTER TABLE periods ADD COLUMN ranking_state TEXT;
UPDATE periods SET ranking_state = (
    SELECT json_object('version', MAX(version), 'announced', CASE WHEN periods.status = 'finalized' THEN NULL ELSE MAX(version) END, 'council_recalled', json('false'))
    FROM rankings WHERE period_id = periods.id
)
WHERE status IN ('finalized', 'announced', 'closed');

-- A proposal that must not go on is withdrawn; its award may be passed down.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE award_proposals_before AS SELECT * FROM award_proposals;
DROP TABLE award_proposals;
CREATE TABLE award_proposals (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    award_code TEXT NOT NULL,
    award_quota INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    rank INTEGER NOT NULL CHECK (rank > 0),
    total INTEGER NOT NULL,
    eligibility TEXT NOT NULL,
    due_on TEXT,
    opens_on TEXT,
    explanation TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'approved', 'declined', 'withdrawn')),
    submitted_at TEXT,
    return_reason TEXT,
    decision_number TEXT,
    decided_on TEXT,
    decision_reason TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    superseded_decisions TEXT NOT NULL DEFAULT '[]',
    withdraw_reason TEXT,
    withdrawn_at TEXT,
    pass_down INTEGER CHECK (pass_down IN (0, 1)),
    stale INTEGER NOT NULL DEFAULT 0 CHECK (stale IN (0, 1)),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    FOREIGN KEY (period_id, unit_id) REFERENCES period_units (period_id, unit_id),
    FOREIGN KEY (period_id, award_code, award_quota) REFERENCES period_awards (period_id, code, quota),
    CHECK (slot BETWEEN 1 AND award_quota),
    CHECK ((due_on IS NULL) <> (opens_on IS NULL)),
    CHECK (status <> 'draft' OR submitted_at IS NULL),
    CHECK (status IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL),
    CHECK ((status = 'withdrawn') = (withdraw_reason IS NOT NULL) AND (withdraw_reason IS NULL) = (withdrawn_at IS NULL)),
    CHECK (status <> 'approved' OR (decision_number IS NOT NULL AND decided_on IS NOT NULL)),
    CHECK (status <> 'declined' OR decision_reason IS NOT NULL),
    CHECK (status <> 'returned' OR return_reason IS NOT NULL)
) STRICT;
INSERT INTO award_proposals (id, organization_id, period_id, unit_id, award_code, award_quota, slot, rank, total, eligibility, due_on, opens_on,
    explanation, status, submitted_at, return_reason, decision_number, decided_on, decision_reason, version, created_at, updated_at,
    superseded_decisions)
SELECT id, organization_id, period_id, unit_id, award_code, award_quota, slot, rank, total, eligibility, due_on, opens_on,
    explanation, status, submitted_at, return_reason, decision_number, decided_on, decision_reason, version, created_at, updated_at,
    superseded_decisions
FROM award_proposals_before;
DROP TABLE award_proposals_before;
CREATE INDEX award_proposals_of_organization ON award_proposals (organization_id, id);
CREATE UNIQUE INDEX award_proposals_of_unit ON award_proposals (period_id, unit_id) WHERE status <> 'withdrawn';
CREATE UNIQUE INDEX award_proposals_slot ON award_proposals (period_id, award_code, slot) WHERE status <> 'withdrawn';
CREATE INDEX award_proposals_of_period ON award_proposals (period_id, award_code, slot);
