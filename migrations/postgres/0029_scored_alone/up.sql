-- The members of the council may score alone, and the mean of their reviews counts.
ALTER TABLE periods DROP CONSTRAINT periods_council_scoring_check;
ALTER TABLE periods ADD CONSTRAINT periods_council_scoring_check CHECK (council_scoring IN ('agreed', 'mean'));

-- The seat of the member whose review it is among several of one stage; empty for the only one.
ALTER TABLE reviews ADD COLUMN seat TEXT NOT NULL DEFAULT '';
ALTER TABLE reviews ADD CONSTRAINT reviews_seat_check CHECK (seat = '' OR seat = reviewer_id AND stage = 'council');
DROP INDEX reviews_that_count;
CREATE UNIQUE INDEX reviews_that_count ON reviews (submission_id, stage, seat) WHERE superseded_at IS NULL;
DROP TRIGGER reviews_no_update ON reviews;
CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL
    OR OLD.status = 'submitted' AND (NEW.superseded_at IS NULL OR (NEW.id, NEW.organization_id, NEW.submission_id, NEW.stage,
        NEW.reviewer_id, NEW.seat, NEW.status, NEW.submitted_at, NEW.base, NEW.bonus, NEW.breakdown, NEW.replaces_id)
        IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.submission_id, OLD.stage, OLD.reviewer_id, OLD.seat, OLD.status,
        OLD.submitted_at, OLD.base, OLD.bonus, OLD.breakdown, OLD.replaces_id)))
EXECUTE FUNCTION refuse_change('a submitted review never changes; it is only superseded');

-- The mean of the submitted reviews that count, kept so that a ranking need not read their lines.
CREATE TABLE council_means (
    submission_id TEXT PRIMARY KEY NOT NULL REFERENCES submissions (id),
    reviews INTEGER NOT NULL CHECK (reviews > 0),
    base BIGINT NOT NULL,
    bonus BIGINT NOT NULL,
    breakdown TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
