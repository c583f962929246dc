-- Points that are taken, and those by which the fewest points of the table raise the sum, beside base and bonus points.
ALTER TABLE submissions ADD COLUMN penalty BIGINT NOT NULL DEFAULT 0 CHECK (penalty <= 0);
ALTER TABLE submissions ADD COLUMN raised BIGINT NOT NULL DEFAULT 0 CHECK (raised >= 0);
ALTER TABLE reviews ADD COLUMN penalty BIGINT NOT NULL DEFAULT 0 CHECK (penalty <= 0);
ALTER TABLE reviews ADD COLUMN raised BIGINT NOT NULL DEFAULT 0 CHECK (raised >= 0);
ALTER TABLE council_means ADD COLUMN penalty BIGINT NOT NULL DEFAULT 0 CHECK (penalty <= 0);
ALTER TABLE council_means ADD COLUMN raised BIGINT NOT NULL DEFAULT 0 CHECK (raised >= 0);
DROP TRIGGER reviews_no_update ON reviews;
CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL
    OR OLD.status = 'submitted' AND (NEW.superseded_at IS NULL OR (NEW.id, NEW.organization_id, NEW.submission_id, NEW.stage,
        NEW.reviewer_id, NEW.seat, NEW.status, NEW.submitted_at, NEW.base, NEW.bonus, NEW.penalty, NEW.raised, NEW.breakdown, NEW.replaces_id)
        IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.submission_id, OLD.stage, OLD.reviewer_id, OLD.seat, OLD.status,
        OLD.submitted_at, OLD.base, OLD.bonus, OLD.penalty, OLD.raised, OLD.breakdown, OLD.replaces_id)))
EXECUTE FUNCTION refuse_change('a submitted review never changes; it is only superseded');

-- What holds criteria together, the fewest points in total, and two more ways to treat what does not apply.
DROP TRIGGER criteria_sets_no_update ON criteria_sets;
ALTER TABLE criteria_sets ADD COLUMN limits TEXT NOT NULL DEFAULT '[]';
ALTER TABLE criteria_sets ADD COLUMN minimum_total BIGINT NOT NULL DEFAULT 0;
ALTER TABLE criteria_sets DROP CONSTRAINT criteria_sets_not_applicable_check;
ALTER TABLE criteria_sets ADD CONSTRAINT criteria_sets_not_applicable_check
    CHECK (not_applicable IN ('refused', 'excluded', 'rescaled', 'rescaled_total', 'full_points'));
CREATE TRIGGER criteria_sets_no_update BEFORE UPDATE ON criteria_sets
FOR EACH ROW WHEN (OLD.status <> 'draft' AND ((NEW.parts, NEW.total_points, NEW.code, NEW.limits, NEW.minimum_total, NEW.not_applicable)
    IS DISTINCT FROM (OLD.parts, OLD.total_points, OLD.code, OLD.limits, OLD.minimum_total, OLD.not_applicable) OR NEW.status = 'draft'))
EXECUTE FUNCTION refuse_change('a published criteria set never changes');

-- A criterion may take points: the fewest are kept beside the most, NULL for no floor. One that does not apply has 0 points.
ALTER TABLE scores ADD COLUMN min_points BIGINT DEFAULT 0;
ALTER TABLE scores ALTER COLUMN min_points DROP DEFAULT;
ALTER TABLE scores DROP CONSTRAINT scores_check1;
ALTER TABLE scores ADD CONSTRAINT scores_points_check
    CHECK (points IS NULL OR points = 0 OR points <= max_points AND (min_points IS NULL OR points >= min_points));
ALTER TABLE review_scores ADD COLUMN min_points BIGINT DEFAULT 0;
ALTER TABLE review_scores ALTER COLUMN min_points DROP DEFAULT;
ALTER TABLE review_scores DROP CONSTRAINT review_scores_check1;
ALTER TABLE review_scores ADD CONSTRAINT review_scores_points_check
    CHECK (points IS NULL OR points = 0 OR points <= max_points AND (min_points IS NULL OR points >= min_points));
