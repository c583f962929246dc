-- A review that counts no longer is kept beside the one that replaces it: one review a stage counts.
ALTER TABLE reviews ADD COLUMN superseded_at TIMESTAMP;
ALTER TABLE reviews ADD COLUMN superseded_reason TEXT;
ALTER TABLE reviews ADD COLUMN replaces_id TEXT UNIQUE REFERENCES reviews (id);
ALTER TABLE reviews ADD CONSTRAINT reviews_superseded_check CHECK ((superseded_at IS NULL) = (superseded_reason IS NULL));
ALTER TABLE reviews DROP CONSTRAINT reviews_submission_id_stage_key;
CREATE INDEX reviews_of_submission ON reviews (submission_id, stage);
CREATE UNIQUE INDEX reviews_that_count ON reviews (submission_id, stage) WHERE superseded_at IS NULL;

DROP TRIGGER reviews_no_update ON reviews;
DROP TRIGGER reviews_no_delete ON reviews;
CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL
    OR OLD.status = 'submitted' AND (NEW.superseded_at IS NULL OR (NEW.id, NEW.organization_id, NEW.submission_id, NEW.stage,
        NEW.reviewer_id, NEW.status, NEW.submitted_at, NEW.base, NEW.bonus, NEW.breakdown, NEW.replaces_id)
        IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.submission_id, OLD.stage, OLD.reviewer_id, OLD.status, OLD.submitted_at,
        OLD.base, OLD.bonus, OLD.breakdown, OLD.replaces_id)))
EXECUTE FUNCTION refuse_change('a submitted review never changes; it is only superseded');
CREATE TRIGGER reviews_no_delete BEFORE DELETE ON reviews
FOR EACH ROW WHEN (OLD.status = 'submitted' OR OLD.superseded_at IS NOT NULL)
EXECUTE FUNCTION refuse_change('a submitted review never changes');

CREATE OR REPLACE FUNCTION review_scores_no_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM reviews WHERE id = OLD.review_id AND (status = 'submitted' OR superseded_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'the lines of a submitted review never change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE FUNCTION review_scores_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM reviews WHERE id = OLD.review_id AND (status = 'submitted' OR superseded_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'the lines of a submitted review never change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END
$$;

-- A period that was stepped back is finalised again: each ranking that was frozen is kept.
ALTER TABLE rankings DROP CONSTRAINT rankings_version_check;
ALTER TABLE rankings ADD CONSTRAINT rankings_version_check CHECK (version > 0);

-- The stages that were started too early, as a JSON list, the oldest first.
ALTER TABLE periods ADD COLUMN superseded_stages TEXT NOT NULL DEFAULT '[]';
