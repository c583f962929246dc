-- What was scored alone is lost: the version before keeps one review a stage.
DROP TABLE council_means;
ALTER TABLE reviews DISABLE TRIGGER reviews_no_update;
ALTER TABLE reviews DISABLE TRIGGER reviews_no_delete;
ALTER TABLE review_scores DISABLE TRIGGER review_scores_no_delete;
DELETE FROM review_scores WHERE review_id IN (SELECT id FROM reviews WHERE seat <> '');
UPDATE reviews SET replaces_id = NULL WHERE replaces_id IN (SELECT id FROM reviews WHERE seat <> '');
DELETE FROM reviews WHERE seat <> '';
ALTER TABLE review_scores ENABLE TRIGGER review_scores_no_delete;
ALTER TABLE reviews ENABLE TRIGGER reviews_no_delete;
DROP TRIGGER reviews_no_update ON reviews;
DROP INDEX reviews_that_count;
ALTER TABLE reviews DROP COLUMN seat;
CREATE UNIQUE INDEX reviews_that_count ON reviews (submission_id, stage) WHERE superseded_at IS NULL;
CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL
    OR OLD.status = 'submitted' AND (NEW.superseded_at IS NULL OR (NEW.id, NEW.organization_id, NEW.submission_id, NEW.stage,
        NEW.reviewer_id, NEW.status, NEW.submitted_at, NEW.base, NEW.bonus, NEW.breakdown, NEW.replaces_id)
        IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.submission_id, OLD.stage, OLD.reviewer_id, OLD.status, OLD.submitted_at,
        OLD.base, OLD.bonus, OLD.breakdown, OLD.replaces_id)))
EXECUTE FUNCTION refuse_change('a submitted review never changes; it is only superseded');
UPDATE periods SET council_scoring = 'agreed';
ALTER TABLE periods DROP CONSTRAINT periods_council_scoring_check;
ALTER TABLE periods ADD CONSTRAINT periods_council_scoring_check CHECK (council_scoring = 'agreed');
