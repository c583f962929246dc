-- Without groups, what belongs to one is lost: its awards and its proposals.
PRAGMA defer_foreign_keys = ON;
DELETE FROM proposal_documents WHERE proposal_id IN (SELECT id FROM award_proposals WHERE group_code <> '');
DELETE FROM award_proposals WHERE group_code <> '';
DELETE FROM period_awards WHERE group_code <> '';
CREATE TABLE award_proposals_before AS SELECT * FROM award_proposals;
DROP TABLE award_proposals;

CREATE TABLE period_units_before AS SELECT * FROM period_units;
DROP TABLE period_units;
CREATE TABLE period_units (
    period_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    set_aside_at TEXT,
    set_aside_reason TEXT CHECK ((set_aside_reason IS NULL) = (set_aside_at IS NULL)),
    merged_into TEXT REFERENCES units (id) CHECK (merged_into IS NULL OR set_aside_at IS NOT NULL AND merged_into <> unit_id),
    PRIMARY KEY (period_id, unit_id),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    FOREIGN KEY (organization_id, unit_id) REFERENCES units (organization_id, id)
) STRICT;
INSERT INTO period_units (period_id, organization_id, unit_id, set_aside_at, set_aside_reason, merged_into) SELECT period_id, organization_id, unit_id, set_aside_at, set_aside_reason, merged_into FROM period_units_before;
DROP TABLE period_units_before;

CREATE TABLE period_awards_before AS SELECT * FROM period_awards;
DROP TABLE period_awards;
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
INSERT INTO period_awards (period_id, position, code, title, quota) SELECT period_id, position, code, title, quota FROM period_awards_before;
DROP TABLE period_awards_before;

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
    superseded_decisions, withdraw_reason, withdrawn_at, pass_down, stale)
SELECT id, organization_id, period_id, unit_id, award_code, award_quota, slot, rank, total, eligibility, due_on, opens_on,
    explanation, status, submitted_at, return_reason, decision_number, decided_on, decision_reason, version, created_at, updated_at,
    superseded_decisions, withdraw_reason, withdrawn_at, pass_down, stale
FROM award_proposals_before;
DROP TABLE award_proposals_before;
CREATE INDEX award_proposals_of_organization ON award_proposals (organization_id, id);
CREATE UNIQUE INDEX award_proposals_of_unit ON award_proposals (period_id, unit_id) WHERE status <> 'withdrawn';
CREATE UNIQUE INDEX award_proposals_slot ON award_proposals (period_id, award_code, slot) WHERE status <> 'withdrawn';
CREATE INDEX award_proposals_of_period ON award_proposals (period_id, award_code, slot);
DROP TABLE period_groups;
