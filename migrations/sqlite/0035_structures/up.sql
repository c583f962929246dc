-- Points that are taken, and those by which the fewest points of the table raise the sum, beside base and bonus points.
ALTER TABLE submissions ADD COLUMN penalty INTEGER NOT NULL DEFAULT 0 CHECK (penalty <= 0);
ALTER TABLE submissions ADD COLUMN raised INTEGER NOT NULL DEFAULT 0 CHECK (raised >= 0);
ALTER TABLE reviews ADD COLUMN penalty INTEGER NOT NULL DEFAULT 0 CHECK (penalty <= 0);
ALTER TABLE reviews ADD COLUMN raised INTEGER NOT NULL DEFAULT 0 CHECK (raised >= 0);
ALTER TABLE council_means ADD COLUMN penalty INTEGER NOT NULL DEFAULT 0 CHECK (penalty <= 0);
ALTER TABLE council_means ADD COLUMN raised INTEGER NOT NULL DEFAULT 0 CHECK (raised >= 0);
DROP TRIGGER reviews_no_update;
CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
WHEN OLD.superseded_at IS NOT NULL
    OR OLD.status = 'submitted' AND (NEW.superseded_at IS NULL OR (NEW.id, NEW.organization_id, NEW.submission_id, NEW.stage,
        NEW.reviewer_id, NEW.seat, NEW.status, NEW.submitted_at, NEW.base, NEW.bonus, NEW.penalty, NEW.raised, NEW.breakdown,
        NEW.replaces_id)
        IS NOT (OLD.id, OLD.organization_id, OLD.submission_id, OLD.stage, OLD.reviewer_id, OLD.seat, OLD.status, OLD.submitted_at,
        OLD.base, OLD.bonus, OLD.penalty, OLD.raised, OLD.breakdown, OLD.replaces_id))
BEGIN
    SELECT RAISE(ABORT, 'a submitted review never changes; it is only superseded');
END;

-- What holds criteria together, the fewest points in total, and two more ways to treat what does not apply. SQLite changes no check
-- of a column: the column is made anew.
DROP TRIGGER criteria_sets_no_update;
ALTER TABLE criteria_sets ADD COLUMN limits TEXT NOT NULL DEFAULT '[]';
ALTER TABLE criteria_sets ADD COLUMN minimum_total INTEGER NOT NULL DEFAULT 0;
ALTER TABLE criteria_sets RENAME COLUMN not_applicable TO not_applicable_before;
ALTER TABLE criteria_sets ADD COLUMN not_applicable TEXT NOT NULL DEFAULT 'refused'
    CHECK (not_applicable IN ('refused', 'excluded', 'rescaled', 'rescaled_total', 'full_points'));
UPDATE criteria_sets SET not_applicable = not_applicable_before;
ALTER TABLE criteria_sets DROP COLUMN not_applicable_before;
CREATE TRIGGER criteria_sets_no_update BEFORE UPDATE ON criteria_sets
WHEN OLD.status <> 'draft' AND ((NEW.parts, NEW.total_points, NEW.code, NEW.limits, NEW.minimum_total, NEW.not_applicable)
    IS NOT (OLD.parts, OLD.total_points, OLD.code, OLD.limits, OLD.minimum_total, OLD.not_applicable) OR NEW.status = 'draft')
BEGIN
    SELECT RAISE(ABORT, 'a published criteria set never changes');
END;

-- A criterion may take points: the fewest are kept beside the most, NULL for no floor. One that does not apply has 0 points.
CREATE TABLE scores_before AS SELECT * FROM scores;
DROP TABLE scores;
CREATE TABLE scores (
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    criterion_code TEXT NOT NULL,
    answer TEXT,
    points INTEGER,
    max_points INTEGER NOT NULL,
    note TEXT,
    min_points INTEGER,
    PRIMARY KEY (submission_id, criterion_code),
    CHECK ((answer IS NULL) = (points IS NULL)),
    CHECK (points IS NULL OR points = 0 OR points <= max_points AND (min_points IS NULL OR points >= min_points))
) STRICT, WITHOUT ROWID;
INSERT INTO scores (submission_id, criterion_code, answer, points, max_points, note, min_points)
SELECT submission_id, criterion_code, answer, points, max_points, note, 0 FROM scores_before;
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
    min_points INTEGER,
    PRIMARY KEY (review_id, criterion_code),
    CHECK ((answer IS NULL) = (points IS NULL)),
    CHECK (points IS NULL OR points = 0 OR points <= max_points AND (min_points IS NULL OR points >= min_points))
) STRICT, WITHOUT ROWID;
INSERT INTO review_scores (review_id, criterion_code, answer, points, max_points, note, reason, min_points)
SELECT review_id, criterion_code, answer, points, max_points, note, reason, 0 FROM review_scores_before;
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
