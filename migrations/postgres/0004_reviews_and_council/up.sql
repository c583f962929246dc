CREATE TABLE reviews (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    stage TEXT NOT NULL CHECK (stage IN ('appraisal', 'council')),
    reviewer_id TEXT NOT NULL REFERENCES members (id),
    status TEXT NOT NULL CHECK (status IN ('draft', 'submitted')),
    submitted_at TIMESTAMP,
    base BIGINT NOT NULL,
    bonus BIGINT NOT NULL,
    breakdown TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (submission_id, stage),
    CHECK ((status = 'submitted') = (submitted_at IS NOT NULL))
);
CREATE INDEX reviews_of_organization ON reviews (organization_id, id);

CREATE TABLE review_scores (
    review_id TEXT NOT NULL REFERENCES reviews (id),
    criterion_code TEXT NOT NULL,
    answer TEXT,
    points BIGINT,
    max_points BIGINT NOT NULL,
    reason TEXT,
    note TEXT,
    PRIMARY KEY (review_id, criterion_code),
    CHECK ((answer IS NULL) = (points IS NULL)),
    CHECK (points IS NULL OR points BETWEEN 0 AND max_points)
);

CREATE TABLE council_sessions (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    held_on DATE NOT NULL,
    place TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('planned', 'held', 'closed')),
    quorum_numerator INTEGER NOT NULL CHECK (quorum_numerator > 0),
    quorum_denominator INTEGER NOT NULL CHECK (quorum_denominator >= quorum_numerator),
    present INTEGER,
    needed INTEGER,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    CHECK ((status = 'planned') = (present IS NULL) AND (present IS NULL) = (needed IS NULL))
);
CREATE INDEX council_sessions_of_period ON council_sessions (period_id);

CREATE TABLE council_attendance (
    session_id TEXT NOT NULL REFERENCES council_sessions (id),
    member_id TEXT NOT NULL REFERENCES members (id),
    present BOOLEAN NOT NULL,
    written_opinion BOOLEAN NOT NULL,
    PRIMARY KEY (session_id, member_id)
);

CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
FOR EACH ROW WHEN (OLD.status = 'submitted') EXECUTE FUNCTION refuse_change('a submitted review never changes');

CREATE TRIGGER reviews_no_delete BEFORE DELETE ON reviews
FOR EACH ROW WHEN (OLD.status = 'submitted') EXECUTE FUNCTION refuse_change('a submitted review never changes');

CREATE FUNCTION review_scores_no_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT status FROM reviews WHERE id = OLD.review_id) = 'submitted' THEN
        RAISE EXCEPTION 'the lines of a submitted review never change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER review_scores_no_update BEFORE UPDATE ON review_scores
FOR EACH ROW EXECUTE FUNCTION review_scores_no_update();

CREATE FUNCTION review_scores_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT status FROM reviews WHERE id = OLD.review_id) = 'submitted' THEN
        RAISE EXCEPTION 'the lines of a submitted review never change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER review_scores_no_delete BEFORE DELETE ON review_scores
FOR EACH ROW EXECUTE FUNCTION review_scores_no_delete();

CREATE TRIGGER council_sessions_no_update BEFORE UPDATE ON council_sessions
FOR EACH ROW WHEN (OLD.status = 'closed') EXECUTE FUNCTION refuse_change('a closed session never changes');

CREATE TRIGGER council_sessions_no_delete BEFORE DELETE ON council_sessions
FOR EACH ROW WHEN (OLD.status = 'closed') EXECUTE FUNCTION refuse_change('a closed session never changes');
