CREATE TABLE reviews (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    stage TEXT NOT NULL CHECK (stage IN ('appraisal', 'council')),
    reviewer_id TEXT NOT NULL REFERENCES members (id),
    status TEXT NOT NULL CHECK (status IN ('draft', 'submitted')),
    submitted_at TEXT,
    base INTEGER NOT NULL,
    bonus INTEGER NOT NULL,
    breakdown TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (submission_id, stage),
    CHECK ((status = 'submitted') = (submitted_at IS NOT NULL))
) STRICT;
CREATE INDEX reviews_of_organization ON reviews (organization_id, id);

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

CREATE TABLE council_sessions (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    held_on TEXT NOT NULL,
    place TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('planned', 'held', 'closed')),
    quorum_numerator INTEGER NOT NULL CHECK (quorum_numerator > 0),
    quorum_denominator INTEGER NOT NULL CHECK (quorum_denominator >= quorum_numerator),
    present INTEGER,
    needed INTEGER,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    CHECK ((status = 'planned') = (present IS NULL) AND (present IS NULL) = (needed IS NULL))
) STRICT;
CREATE INDEX council_sessions_of_period ON council_sessions (period_id);

CREATE TABLE council_attendance (
    session_id TEXT NOT NULL REFERENCES council_sessions (id),
    member_id TEXT NOT NULL REFERENCES members (id),
    present INTEGER NOT NULL CHECK (present IN (0, 1)),
    written_opinion INTEGER NOT NULL CHECK (written_opinion IN (0, 1)),
    PRIMARY KEY (session_id, member_id)
) STRICT;

CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
WHEN OLD.status = 'submitted'
BEGIN
    SELECT RAISE(ABORT, 'a submitted review never changes');
END;

CREATE TRIGGER reviews_no_delete BEFORE DELETE ON reviews
WHEN OLD.status = 'submitted'
BEGIN
    SELECT RAISE(ABORT, 'a submitted review never changes');
END;

CREATE TRIGGER review_scores_no_update BEFORE UPDATE ON review_scores
WHEN (SELECT status FROM reviews WHERE id = OLD.review_id) = 'submitted'
BEGIN
    SELECT RAISE(ABORT, 'the lines of a submitted review never change');
END;

CREATE TRIGGER review_scores_no_delete BEFORE DELETE ON review_scores
WHEN (SELECT status FROM reviews WHERE id = OLD.review_id) = 'submitted'
BEGIN
    SELECT RAISE(ABORT, 'the lines of a submitted review never change');
END;

CREATE TRIGGER council_sessions_no_update BEFORE UPDATE ON council_sessions
WHEN OLD.status = 'closed'
BEGIN
    SELECT RAISE(ABORT, 'a closed session never changes');
END;

CREATE TRIGGER council_sessions_no_delete BEFORE DELETE ON council_sessions
WHEN OLD.status = 'closed'
BEGIN
    SELECT RAISE(ABORT, 'a closed session never changes');
END;
