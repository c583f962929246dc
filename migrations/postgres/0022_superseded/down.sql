-- What was superseded is lost: the version before keeps one review a stage and one ranking a period.
ALTER TABLE rankings DISABLE TRIGGER rankings_no_delete;
ALTER TABLE rankings DISABLE TRIGGER rankings_no_update;
DELETE FROM rankings AS older WHERE version < (SELECT MAX(version) FROM rankings WHERE period_id = older.period_id);
UPDATE rankings SET version = 1;
ALTER TABLE rankings ENABLE TRIGGER rankings_no_delete;
ALTER TABLE rankings ENABLE TRIGGER rankings_no_update;
ALTER TABLE rankings DROP CONSTRAINT rankings_version_check;
ALTER TABLE rankings ADD CONSTRAINT rankings_version_check CHECK (version = 1);

ALTER TABLE reviews DISABLE TRIGGER reviews_no_delete;
ALTER TABLE reviews DISABLE TRIGGER reviews_no_update;
ALTER TABLE review_scores DISABLE TRIGGER review_scores_no_delete;
DELETE FROM review_scores WHERE review_id IN (SELECT id FROM reviews WHERE superseded_at IS NOT NULL);
ALTER TABLE reviews DROP COLUMN replaces_id CASCADE;
DELETE FROM reviews WHERE superseded_at IS NOT NULL;
ALTER TABLE review_scores ENABLE TRIGGER review_scores_no_delete;
DROP TRIGGER IF EXISTS reviews_no_update ON reviews;
DROP TRIGGER reviews_no_delete ON reviews;
DROP INDEX reviews_that_count;
DROP INDEX reviews_of_submission;
ALTER TABLE reviews DROP COLUMN superseded_reason;
ALTER TABLE reviews DROP COLUMN superseded_at;
ALTER TABLE reviews ADD CONSTRAINT reviews_submission_id_stage_key UNIQUE (submission_id, stage);
CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
FOR EACH ROW WHEN (OLD.status = 'submitted') EXECUTE FUNCTION refuse_change('a submitted review never changes');
CREATE TRIGGER reviews_no_delete BEFORE DELETE ON reviews
FOR EACH ROW WHEN (OLD.status = 'submitted') EXECUTE FUNCTION refuse_change('a submitted review never changes');

CREATE OR REPLACE FUNCTION review_scores_no_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT status FROM reviews WHERE id = OLD.review_id) = 'submitted' THEN
        RAISE EXCEPTION 'the lines of a submitted review never change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE FUNCTION review_scores_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT status FROM reviews WHERE id = OLD.review_id) = 'submitted' THEN
        RAISE EXCEPTION 'the lines of a submitted review never change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END
$$;

ALTER TABLE periods DROP COLUMN superseded_stages;
