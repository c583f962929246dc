-- Tables that need these structures cannot be kept: refused by the checks of the tables before.
ALTER TABLE scores DROP CONSTRAINT scores_points_check;
ALTER TABLE scores ADD CONSTRAINT scores_check1 CHECK (points IS NULL OR points BETWEEN 0 AND max_points);
ALTER TABLE scores DROP COLUMN min_points;
ALTER TABLE review_scores DROP CONSTRAINT review_scores_points_check;
ALTER TABLE review_scores ADD CONSTRAINT review_scores_check1 CHECK (points IS NULL OR points BETWEEN 0 AND max_points);
ALTER TABLE review_scores DROP COLUMN min_points;
DROP TRIGGER criteria_sets_no_update ON criteria_sets;
ALTER TABLE criteria_sets DROP CONSTRAINT criteria_sets_not_applicable_check;
ALTER TABLE criteria_sets ADD CONSTRAINT criteria_sets_not_applicable_check CHECK (not_applicable IN ('refused', 'excluded', 'rescaled'));
ALTER TABLE criteria_sets DROP COLUMN limits;
ALTER TABLE criteria_sets DROP COLUMN minimum_total;
CREATE TRIGGER criteria_sets_no_update BEFORE UPDATE ON criteria_sets
FOR EACH ROW WHEN (OLD.status <> 'draft' AND (NEW.parts <> OLD.parts OR NEW.total_points <> OLD.total_points OR NEW.code <> OLD.code OR NEW.status = 'draft')) EXECUTE FUNCTION refuse_change('a published criteria set never changes');
DROP TRIGGER reviews_no_update ON reviews;
CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL
    OR OLD.status = 'submitted' AND (NEW.superseded_at IS NULL OR (NEW.id, NEW.organization_id, NEW.submission_id, NEW.stage,
        NEW.reviewer_id, NEW.seat, NEW.status, NEW.submitted_at, NEW.base, NEW.bonus, NEW.breakdown, NEW.replaces_id)
        IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.submission_id, OLD.stage, OLD.reviewer_id, OLD.seat, OLD.status,
        OLD.submitted_at, OLD.base, OLD.bonus, OLD.breakdown, OLD.replaces_id)))
EXECUTE FUNCTION refuse_change('a submitted review never changes; it is only superseded');
ALTER TABLE submissions DROP COLUMN penalty;
ALTER TABLE submissions DROP COLUMN raised;
ALTER TABLE reviews DROP COLUMN penalty;
ALTER TABLE reviews DROP COLUMN raised;
ALTER TABLE council_means DROP COLUMN penalty;
ALTER TABLE council_means DROP COLUMN raised;
