PRAGMA defer_foreign_keys = ON;
ALTER TABLE tie_decisions DROP COLUMN totals_on;

-- A cancelled session becomes one that was never closed, so that it does not decide.
CREATE TABLE council_sessions_before AS SELECT * FROM council_sessions;
DROP TABLE council_sessions;
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
    presiding_member_id TEXT REFERENCES members (id),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    CHECK ((status = 'planned') = (present IS NULL) AND (present IS NULL) = (needed IS NULL))
) STRICT;
INSERT INTO council_sessions (id, organization_id, period_id, held_on, place, status, quorum_numerator, quorum_denominator, present, needed,
    presiding_member_id, version, created_at, updated_at)
SELECT id, organization_id, period_id, held_on, place,
    CASE WHEN status <> 'cancelled' THEN status WHEN present IS NULL THEN 'planned' ELSE 'held' END,
    quorum_numerator, quorum_denominator, present, needed, presiding_member_id, version, created_at, updated_at
FROM council_sessions_before;
DROP TABLE council_sessions_before;
CREATE INDEX council_sessions_of_period ON council_sessions (period_id);
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
