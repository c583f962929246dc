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
    decided_at TIMESTAMP,
    decision_reason TEXT,
    ranking_version BIGINT,
    published_at TIMESTAMP,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    FOREIGN KEY (organization_id, unit_id) REFERENCES units (organization_id, id),
    CHECK ((status = 'pending') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)),
    CHECK (status <> 'rejected' OR decision_reason IS NOT NULL),
    CHECK ((status = 'approved') = (ranking_version IS NOT NULL)),
    CHECK (published_at IS NULL OR status = 'approved'),
    CHECK (decided_by IS NULL OR decided_by <> asked_by)
);
CREATE INDEX amendments_of_organization ON amendments (organization_id, id);
CREATE INDEX amendments_of_period ON amendments (period_id, id);
CREATE UNIQUE INDEX amendments_open ON amendments (submission_id) WHERE status = 'pending' OR status = 'approved' AND published_at IS NULL;

ALTER TABLE reviews ADD COLUMN amendment_id TEXT REFERENCES amendments (id);
ALTER TABLE revisions ADD COLUMN amendment_id TEXT REFERENCES amendments (id);

-- The versions of the ranking: the one that was frozen last, the one that was announced, and whether the council has a tie of the
-- last one to decide. JSON, since a table of the program has at most 32 columns.
ALTER TABLE periods ADD COLUMN ranking_state TEXT;
UPDATE periods SET ranking_state = (
    SELECT json_build_object('version', MAX(version), 'announced', CASE WHEN periods.status = 'finalized' THEN NULL ELSE MAX(version) END, 'council_recalled', FALSE)::text
    FROM rankings WHERE period_id = periods.id
)
WHERE status IN ('finalized', 'announced', 'closed');

-- A proposal that must not go on is withdrawn; its award may be passed down.
ALTER TABLE award_proposals ADD COLUMN withdraw_reason TEXT;
ALTER TABLE award_proposals ADD COLUMN withdrawn_at TIMESTAMP;
ALTER TABLE award_proposals ADD COLUMN pass_down BOOLEAN;
ALTER TABLE award_proposals ADD COLUMN stale BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE award_proposals DROP CONSTRAINT award_proposals_period_id_unit_id_key;
ALTER TABLE award_proposals DROP CONSTRAINT award_proposals_period_id_award_code_slot_key;
ALTER TABLE award_proposals DROP CONSTRAINT award_proposals_status_check;
ALTER TABLE award_proposals DROP CONSTRAINT award_proposals_check2;
ALTER TABLE award_proposals ADD CONSTRAINT award_proposals_status_check
    CHECK (status IN ('draft', 'submitted', 'returned', 'approved', 'declined', 'withdrawn'));
ALTER TABLE award_proposals ADD CONSTRAINT award_proposals_sent_check
    CHECK ((status <> 'draft' OR submitted_at IS NULL) AND (status IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL));
ALTER TABLE award_proposals ADD CONSTRAINT award_proposals_withdrawn_check
    CHECK ((status = 'withdrawn') = (withdraw_reason IS NOT NULL) AND (withdraw_reason IS NULL) = (withdrawn_at IS NULL));
CREATE UNIQUE INDEX award_proposals_of_unit ON award_proposals (period_id, unit_id) WHERE status <> 'withdrawn';
CREATE UNIQUE INDEX award_proposals_slot ON award_proposals (period_id, award_code, slot) WHERE status <> 'withdrawn';
CREATE INDEX award_proposals_of_period ON award_proposals (period_id, award_code, slot);
