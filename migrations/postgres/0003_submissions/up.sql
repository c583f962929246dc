CREATE TABLE submissions (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'missed', 'appraised', 'reviewed', 'finalized')),
    revision INTEGER NOT NULL CHECK (revision >= 0),
    late BOOLEAN NOT NULL,
    due_on DATE NOT NULL,
    closes_at TIMESTAMP,
    submitted_at TIMESTAMP,
    return_reason TEXT,
    base BIGINT,
    bonus BIGINT,
    breakdown TEXT,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (period_id, unit_id),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    FOREIGN KEY (organization_id, unit_id) REFERENCES units (organization_id, id),
    FOREIGN KEY (period_id, unit_id) REFERENCES period_units (period_id, unit_id),
    CHECK ((revision = 0) = (submitted_at IS NULL)),
    CHECK (revision > 0 OR status IN ('draft', 'missed')),
    CHECK ((status = 'returned') = (return_reason IS NOT NULL)),
    CHECK ((base IS NULL) = (bonus IS NULL) AND (base IS NULL) = (breakdown IS NULL))
);
CREATE INDEX submissions_of_organization ON submissions (organization_id, id);

-- No row: the line is neither scored nor noted. Points NULL: not scored, which is not zero.
CREATE TABLE scores (
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    criterion_code TEXT NOT NULL,
    answer TEXT,
    points BIGINT,
    max_points BIGINT NOT NULL,
    note TEXT,
    PRIMARY KEY (submission_id, criterion_code),
    CHECK ((answer IS NULL) = (points IS NULL)),
    CHECK (points IS NULL OR points BETWEEN 0 AND max_points)
);

CREATE TABLE revisions (
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    revision INTEGER NOT NULL CHECK (revision > 0),
    content TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    criteria_set_id TEXT NOT NULL REFERENCES criteria_sets (id),
    submitted_by TEXT NOT NULL REFERENCES members (id),
    submitted_at TIMESTAMP NOT NULL,
    PRIMARY KEY (submission_id, revision)
);

CREATE TRIGGER revisions_no_update BEFORE UPDATE ON revisions
FOR EACH ROW EXECUTE FUNCTION refuse_change('a submitted revision never changes');

CREATE TRIGGER revisions_no_delete BEFORE DELETE ON revisions
FOR EACH ROW EXECUTE FUNCTION refuse_change('a submitted revision never changes');
