-- Tables that need these structures cannot be kept: refused by the checks of the tables before.
CREATE TABLE scores_before AS SELECT * FROM scores;
DROP TABLE scores;
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
INSERT INTO scores (submission_id, criterion_code, answer, points, max_points, note)
SELECT submission_id, criterion_code, answer, points, max_points, note FROM scores_before;
DROP TABLE scores_before;
DROP TRIGGER review_scores_no_update;
DROP TRIGGER review_scores_no_delete;
CREATE TABLE review_scores_before AS SELECT * FROM review_scores;
DROP TABLE review_scores;
CREATE TABLE review_scores (
    review_id TEXT NOT NULL REFERENCES reviews (id),
    criterion_code TEXT NOT NULL,
    answer TEXT,
    points INTEGER,
    max_points INTEGER NOT NULL,
    reason TEXT,
    note TEXT,
    PRIMARY KEY (review_id, criterion_code),
    CHECK ((answer IS NULL) = (points IS NULL)),
    CHECK (points IS NULL OR points BETWEEN 0 AND max_points)
) STRICT, WITHOUT ROWID;
INSERT INTO review_scores (review_id, criterion_code, answer, points, max_points, note, reason)
SELECT review_id, criterion_code, answer, points, max_points, note, reason FROM review_scores_before;
DROP TABLE review_scores_before;
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

DROP TRIGGER criteria_sets_no_update;
ALTER TABLE criteria_sets RENAME COLUMN not_applicable TO not_applicable_before;
ALTER TABLE criteria_sets ADD COLUMN not_applicable TEXT NOT NULL DEFAULT 'refused' CHECK (not_applicable IN ('refused', 'excluded', 'rescaled'));
UPDATE criteria_sets SET not_applicable = not_applicable_before;
ALTER TABLE criteria_sets DROP COLUMN not_applicable_before;
ALTER TABLE criteria_sets DROP COLUMN limits;
ALTER TABLE criteria_sets DROP COLUMN minimum_total;
CREATE TRIGGER criteria_sets_no_update BEFORE UPDATE ON criteria_sets
WHEN OLD.status <> 'draft' AND (NEW.parts <> OLD.parts OR NEW.total_points <> OLD.total_points OR NEW.code <> OLD.code OR NEW.status = 'draft')
BEGIN
    SELECT RAISE(ABORT, 'a published criteria set never changes');
END;

DROP TRIGGER reviews_no_update;
ALTER TABLE submissions DROP COLUMN penalty;
ALTER TABLE submissions DROP COLUMN raised;
ALTER TABLE reviews DROP COLUMN penalty;
ALTER TABLE reviews DROP COLUMN raised;
ALTER TABLE council_means DROP COLUMN penalty;
ALTER TABLE council_means DROP COLUMN raised;
CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
WHEN OLD.superseded_at IS NOT NULL
    OR OLD.status = 'submitted' AND (NEW.superseded_at IS NULL OR (NEW.id, NEW.organization_id, NEW.submission_id, NEW.stage,
        NEW.reviewer_id, NEW.seat, NEW.status, NEW.submitted_at, NEW.base, NEW.bonus, NEW.breakdown, NEW.replaces_id)
        IS NOT (OLD.id, OLD.organization_id, OLD.submission_id, OLD.stage, OLD.reviewer_id, OLD.seat, OLD.status, OLD.submitted_at,
        OLD.base, OLD.bonus, OLD.breakdown, OLD.replaces_id))
BEGIN
    SELECT RAISE(ABORT, 'a submitted review never changes; it is only superseded');
END;
