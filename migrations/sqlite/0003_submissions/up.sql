CREATE TABLE submissions (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'missed', 'appraised', 'reviewed', 'finalized')),
    revision INTEGER NOT NULL CHECK (revision >= 0),
    late INTEGER NOT NULL CHECK (late IN (0, 1)),
    due_on TEXT NOT NULL,
    closes_at TEXT,
    submitted_at TEXT,
    return_reason TEXT,
    base INTEGER,
    bonus INTEGER,
    breakdown TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (period_id, unit_id),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    FOREIGN KEY (organization_id, unit_id) REFERENCES units (organization_id, id),
    FOREIGN KEY (period_id, unit_id) REFERENCES period_units (period_id, unit_id),
    CHECK ((revision = 0) = (submitted_at IS NULL)),
    CHECK (revision > 0 OR status IN ('draft', 'missed')),
    CHECK ((status = 'returned') = (return_reason IS NOT NULL)),
    CHECK ((base IS NULL) = (bonus IS NULL) AND (base IS NULL) = (breakdown IS NULL))
) STRICT;
CREATE INDEX submissions_of_organization ON submissions (organization_id, id);

-- No row: the line is neither scored nor noted. Points NULL: not scored, which is not zero.
CREATE TABLE scores (
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    criterion_code TEXT NOT NULL,
    answer TEXT,
    points INTEGER,
    max_points INTEGER NOT NULL,
    note TEXT,
    PRIMARY KEY (submission_id, criterion_code),
    CHECK ((answer IS NULL) = (points IS NULL)),
    CHECK (points IS NULL OR points BETWEEN 0 AND max_points)
) STRICT, WITHOUT ROWID;

CREATE TABLE revisions (
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    revision INTEGER NOT NULL CHECK (revision > 0),
    content TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    criteria_set_id TEXT NOT NULL REFERENCES criteria_sets (id),
    submitted_by TEXT NOT NULL REFERENCES members (id),
    submitted_at TEXT NOT NULL,
    PRIMARY KEY (submission_id, revision)
) STRICT;

CREATE TRIGGER revisions_no_update BEFORE UPDATE ON revisions
BEGIN
    SELECT RAISE(ABORT, 'a submitted revision never changes');
END;

CREATE TRIGGER revisions_no_delete BEFORE DELETE ON revisions
BEGIN
    SELECT RAISE(ABORT, 'a submitted revision never changes');
END;
