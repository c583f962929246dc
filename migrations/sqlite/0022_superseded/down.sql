-- What was superseded is lost: the version before keeps one review a stage and one ranking a period.
PRAGMA defer_foreign_keys = ON;
DROP TRIGGER review_scores_no_update;
DROP TRIGGER review_scores_no_delete;
DELETE FROM review_scores WHERE review_id IN (SELECT id FROM reviews WHERE superseded_at IS NOT NULL);
CREATE TABLE reviews_before AS SELECT * FROM reviews WHERE superseded_at IS NULL;
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
    UNIQUE (submission_id, stage),
    CHECK ((status = 'submitted') = (submitted_at IS NOT NULL))
) STRICT;
INSERT INTO reviews (id, organization_id, submission_id, stage, reviewer_id, status, submitted_at, base, bonus, breakdown, version,
    created_at, updated_at)
SELECT id, organization_id, submission_id, stage, reviewer_id, status, submitted_at, base, bonus, breakdown, version, created_at,
    updated_at
FROM reviews_before;
DROP TABLE reviews_before;
CREATE INDEX reviews_of_organization ON reviews (organization_id, id);

CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
WHEN OLD.status = 'submitted'
BEGIN
    SELECT RAISE(ABORT, 'a submitted review never changes');
END;

CREATE TRIGGER reviews_no_delete BEFORE DELETE ON reviews
WHEN OLD.status = 'submitted'
BEGIN
    SELECT RAISE(ABORT, 'a submitted review never changes');
END;

CREATE TRIGGER review_scores_no_update BEFORE UPDATE ON review_scores
WHEN (SELECT status FROM reviews WHERE id = OLD.review_id) = 'submitted'
BEGIN
    SELECT RAISE(ABORT, 'the lines of a submitted review never change');
END;

CREATE TRIGGER review_scores_no_delete BEFORE DELETE ON review_scores
WHEN (SELECT status FROM reviews WHERE id = OLD.review_id) = 'submitted'
BEGIN
    SELECT RAISE(ABORT, 'the lines of a submitted review never change');
END;

CREATE TABLE rankings_before AS SELECT * FROM rankings;
DROP TABLE rankings;
CREATE TABLE rankings (
    period_id TEXT NOT NULL REFERENCES periods (id),
    version INTEGER NOT NULL CHECK (version = 1),
    inputs TEXT NOT NULL,
    inputs_sha256 TEXT NOT NULL,
    result TEXT NOT NULL,
    frozen_at TEXT NOT NULL,
    salt TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (period_id, version)
) STRICT;
INSERT INTO rankings (period_id, version, inputs, inputs_sha256, result, frozen_at, salt)
SELECT period_id, 1, inputs, inputs_sha256, result, frozen_at, salt FROM rankings_before AS newest
WHERE version = (SELECT MAX(version) FROM rankings_before WHERE period_id = newest.period_id);
DROP TABLE rankings_before;
CREATE TRIGGER rankings_no_update BEFORE UPDATE ON rankings
BEGIN
    SELECT RAISE(ABORT, 'a final ranking never changes');
END;
CREATE TRIGGER rankings_no_delete BEFORE DELETE ON rankings
BEGIN
    SELECT RAISE(ABORT, 'a final ranking never changes');
END;

ALTER TABLE periods DROP COLUMN superseded_stages;
