-- What was scored alone is lost: the version before keeps one review a stage.
DROP TABLE council_means;
DROP TRIGGER reviews_no_update;
DROP TRIGGER reviews_no_delete;
DROP TRIGGER review_scores_no_delete;
DELETE FROM review_scores WHERE review_id IN (SELECT id FROM reviews WHERE seat <> '');
UPDATE reviews SET replaces_id = NULL WHERE replaces_id IN (SELECT id FROM reviews WHERE seat <> '');
DELETE FROM reviews WHERE seat <> '';
DROP INDEX reviews_that_count;
ALTER TABLE reviews DROP COLUMN seat;
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
CREATE TRIGGER review_scores_no_delete BEFORE DELETE ON review_scores
WHEN EXISTS (SELECT 1 FROM reviews WHERE id = OLD.review_id AND (status = 'submitted' OR superseded_at IS NOT NULL))
BEGIN
    SELECT RAISE(ABORT, 'the lines of a submitted review never change');
END;
ALTER TABLE periods DROP COLUMN council_scoring;
ALTER TABLE periods ADD COLUMN council_scoring TEXT NOT NULL DEFAULT 'agreed' CHECK (council_scoring = 'agreed');
