-- `tied_units` is the group in order of id: one decision per group.
CREATE TABLE tie_decisions (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    tied_units TEXT NOT NULL,
    unit_ids TEXT NOT NULL,
    reason TEXT NOT NULL,
    council_session_id TEXT NOT NULL,
    decided_by TEXT NOT NULL REFERENCES members (id),
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (period_id, tied_units),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    FOREIGN KEY (organization_id, council_session_id) REFERENCES council_sessions (organization_id, id)
);

-- The frozen ranking of a finalised period, one per period: a second `finalize` cannot add another.
CREATE TABLE rankings (
    period_id TEXT NOT NULL REFERENCES periods (id),
    version BIGINT NOT NULL CHECK (version = 1),
    inputs TEXT NOT NULL,
    inputs_sha256 TEXT NOT NULL,
    result TEXT NOT NULL,
    frozen_at TIMESTAMP NOT NULL,
    PRIMARY KEY (period_id, version)
);

-- `slot` counts within the award's quota, which the foreign key carries: the quota holds under any race.
CREATE TABLE award_proposals (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    award_code TEXT NOT NULL,
    award_quota INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    rank INTEGER NOT NULL CHECK (rank > 0),
    total BIGINT NOT NULL,
    eligibility TEXT NOT NULL,
    due_on DATE,
    opens_on DATE,
    explanation TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'approved', 'declined')),
    submitted_at TIMESTAMP,
    return_reason TEXT,
    decision_number TEXT,
    decided_on DATE,
    decision_reason TEXT,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
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
);
CREATE INDEX award_proposals_of_organization ON award_proposals (organization_id, id);

CREATE TABLE proposal_documents (
    proposal_id TEXT NOT NULL REFERENCES award_proposals (id),
    code TEXT NOT NULL,
    position INTEGER NOT NULL,
    title TEXT NOT NULL,
    file_name TEXT,
    media_type TEXT,
    size BIGINT,
    sha256 TEXT,
    attached_at TIMESTAMP,
    PRIMARY KEY (proposal_id, code),
    CHECK ((sha256 IS NULL) = (file_name IS NULL) AND (sha256 IS NULL) = (media_type IS NULL) AND (sha256 IS NULL) = (size IS NULL) AND (sha256 IS NULL) = (attached_at IS NULL))
);

CREATE TRIGGER rankings_no_update BEFORE UPDATE ON rankings
FOR EACH ROW EXECUTE FUNCTION refuse_change('a final ranking never changes');

CREATE TRIGGER rankings_no_delete BEFORE DELETE ON rankings
FOR EACH ROW EXECUTE FUNCTION refuse_change('a final ranking never changes');
