-- A review that counts no longer is kept beside the one that replaces it: one review a stage counts.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE reviews_before AS SELECT * FROM reviews;
DROP TABLE reviews;
CREATE TABLE reviews (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    stage TEXT NOT NULL CHECK (stage IN ('appraisal', 'council')),
    reviewer_id TEXT NOT NULL REFERENCES members (id),
    status TEXT NOT NULL CHECK (status IN ('draft', 'submitted')),
    submitted_at TEXT,
    base INTEGER NOT NULL,
    bonus INTEGER NOT NULL,
    breakdown TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    superseded_at TEXT,
    superseded_reason TEXT,
    replaces_id TEXT UNIQUE REFERENCES reviews (id),
    CHECK ((status = 'submitted') = (submitted_at IS NOT NULL)),
    CHECK ((superseded_at IS NULL) = (superseded_reason IS NULL))
) STRICT;
INSERT INTO reviews (id, organization_id, submission_id, stage, reviewer_id, status, submitted_at, base, bonus, breakdown, version,
    created_at, updated_at)
SELECT id, organization_id, submission_id, stage, reviewer_id, status, submitted_at, base, bonus, breakdown, version, created_at,
    updated_at
FROM reviews_before;
DROP TABLE reviews_before;
CREATE INDEX reviews_of_organization ON reviews (organization_id, id);
CREATE INDEX reviews_of_submission ON reviews (submission_id, stage);
CREATE UNIQUE INDEX reviews_that_count ON reviews (submission_id, stage) WHERE superseded_at IS NULL;

CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
WHEN OLD.superseded_at IS NOT NULL
    OR OLD.status = 'submitted' AND (NEW.superseded_at IS NULL OR (NEW.id, NEW.organization_id, NEW.submission_id, NEW.stage,
        NEW.reviewer_id, NEW.status, NEW.submitted_at, NEW.base, NEW.bonus, NEW.breakdown, NEW.replaces_id)
        IS NOT (OLD.id, OLD.organization_id, OLD.submission_id, OLD.stage, OLD.reviewer_id, OLD.status, OLD.submitted_at, OLD.base,
        OLD.bonus, OLD.breakdown, OLD.replaces_id))
BEGIN
    SELECT RAISE(ABORT, 'a submitted review never changes; it is only superseded');
END;

CREATE TRIGGER reviews_no_delete BEFORE DELETE ON reviews
WHEN OLD.status = 'submitted' OR OLD.superseded_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a submitted review never changes');
END;

DROP TRIGGER review_scores_no_update;
DROP TRIGGER review_scores_no_delete;
CREATE TRIGGER review_scores_no_update BEFORE UPDATE ON review_scores
WHEN EXISTS (SELECT 1 FROM reviews WHERE id = OLD.review_id AND (status = 'submitted' OR superseded_at IS NOT NULL))
BEGIN
    SELECT RAISE(ABORT, 'the lines of a submitted review never change');
END;

CREATE TRIGGER review_scores_no_delete BEFORE DELETE ON review_scores
WHEN EXISTS (SELECT 1 FROM reviews WHERE id = OLD.review_id AND (status = 'submitted' OR superseded_at IS NOT NULL))
BEGIN
    SELECT RAISE(ABORT, 'the lines of a submitted review never change');
END;

-- A period that was stepped back is finalised again: each ranking that was frozen is kept.
CREATE TABLE rankings_before AS SELECT * FROM rankings;
DROP TABLE rankings;
CREATE TABLE rankings (
    period_id TEXT NOT NULL REFERENCES periods (id),
    version INTEGER NOT NULL CHECK (version > 0),
    inputs TEXT NOT NULL,
    inputs_sha256 TEXT NOT NULL,
    result TEXT NOT NULL,
    frozen_at TEXT NOT NULL,
    salt TEXT NOT NULL,
    PRIMARY KEY (period_id, version)
) STRICT;
INSERT INTO rankings (period_id, version, inputs, inputs_sha256, result, frozen_at, salt)
SELECT period_id, version, inputs, inputs_sha256, result, frozen_at, salt FROM rankings_before;
DROP TABLE rankings_before;
CREATE TRIGGER rankings_no_update BEFORE UPDATE ON rankings
BEGIN
    SELECT RAISE(ABORT, 'a final ranking never changes');
END;
CREATE TRIGGER rankings_no_delete BEFORE DELETE ON rankings
BEGIN
    SELECT RAISE(ABORT, 'a final ranking never changes');
END;

-- The stages that were started too early, as a JSON list, the oldest first.
ALTER TABLE periods ADD COLUMN superseded_stages TEXT NOT NULL DEFAULT '[]';
