-- Withdrawn proposals and amendments are lost.
PRAGMA defer_foreign_keys = ON;
DELETE FROM proposal_documents WHERE proposal_id IN (SELECT id FROM award_proposals WHERE status = 'withdrawn');
CREATE TABLE award_proposals_before AS SELECT * FROM award_proposals WHERE status <> 'withdrawn';
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
    status TEXT NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'approved', 'declined')),
    submitted_at TEXT,
    return_reason TEXT,
    decision_number TEXT,
    decided_on TEXT,
    decision_reason TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    superseded_decisions TEXT NOT NULL DEFAULT '[]',
    UNIQUE (period_id, unit_id),
    UNIQUE (period_id, award_code, slot),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    FOREIGN KEY (period_id, unit_id) REFERENCES period_units (period_id, unit_id),
    FOREIGN KEY (period_id, award_code, award_quota) REFERENCES period_awards (period_id, code, quota),
    CHECK (slot BETWEEN 1 AND award_quota),
    CHECK ((due_on IS NULL) <> (opens_on IS NULL)),
    CHECK ((status = 'draft') = (submitted_at IS NULL)),
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

ALTER TABLE periods DROP COLUMN ranking_state;
ALTER TABLE revisions DROP COLUMN amendment_id;
ALTER TABLE reviews DROP COLUMN amendment_id;
DROP TABLE amendments;
