-- Who is to review a submission at a stage. It orders the work and gives no right.
CREATE TABLE assignments (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    unit_id TEXT NOT NULL REFERENCES units (id),
    stage TEXT NOT NULL CHECK (stage IN ('appraisal', 'council')),
    member_id TEXT NOT NULL REFERENCES members (id),
    assigned_by TEXT NOT NULL REFERENCES members (id),
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (submission_id, stage),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id)
);
CREATE INDEX assignments_of_period ON assignments (period_id, stage);
CREATE INDEX assignments_of_member ON assignments (member_id);
