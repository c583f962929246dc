-- A session that was entered by mistake is cancelled, and one whose record is wrong is corrected. What stood is kept in
-- `superseded`, as a JSON list, the oldest first; nothing else may change the record of a closed session.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE council_sessions_before AS SELECT * FROM council_sessions;
DROP TABLE council_sessions;
CREATE TABLE council_sessions (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    held_on TEXT NOT NULL,
    place TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('planned', 'held', 'closed', 'cancelled')),
    quorum_numerator INTEGER NOT NULL CHECK (quorum_numerator > 0),
    quorum_denominator INTEGER NOT NULL CHECK (quorum_denominator >= quorum_numerator),
    present INTEGER,
    needed INTEGER,
    presiding_member_id TEXT REFERENCES members (id),
    agenda TEXT NOT NULL DEFAULT '[]',
    superseded TEXT NOT NULL DEFAULT '[]',
    cancel_reason TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    CHECK ((present IS NULL) = (needed IS NULL)),
    CHECK (status = 'cancelled' OR (status = 'planned') = (present IS NULL)),
    CHECK ((status = 'cancelled') = (cancel_reason IS NOT NULL))
) STRICT;
INSERT INTO council_sessions (id, organization_id, period_id, held_on, place, status, quorum_numerator, quorum_denominator, present, needed,
    presiding_member_id, version, created_at, updated_at)
SELECT id, organization_id, period_id, held_on, place, status, quorum_numerator, quorum_denominator, present, needed,
    presiding_member_id, version, created_at, updated_at
FROM council_sessions_before;
DROP TABLE council_sessions_before;
CREATE INDEX council_sessions_of_period ON council_sessions (period_id);
CREATE TRIGGER council_sessions_no_update BEFORE UPDATE ON council_sessions
WHEN OLD.status = 'cancelled' OR OLD.status = 'closed' AND NOT (
    NEW.status = 'closed' AND json_array_length(NEW.superseded) > json_array_length(OLD.superseded)
    OR NEW.status IN ('closed', 'cancelled') AND NEW.superseded = OLD.superseded
        AND NEW.period_id = OLD.period_id AND NEW.held_on = OLD.held_on AND NEW.place = OLD.place
        AND NEW.quorum_numerator = OLD.quorum_numerator AND NEW.quorum_denominator = OLD.quorum_denominator
        AND NEW.present IS OLD.present AND NEW.needed IS OLD.needed
        AND NEW.presiding_member_id IS OLD.presiding_member_id AND NEW.agenda = OLD.agenda)
BEGIN
    SELECT RAISE(ABORT, 'a closed session changes only by a correction');
END;

CREATE TRIGGER council_sessions_no_delete BEFORE DELETE ON council_sessions
WHEN OLD.status IN ('closed', 'cancelled')
BEGIN
    SELECT RAISE(ABORT, 'a closed session never changes');
END;

-- The day of the latest of the totals that a tie decision was taken on: its session is not earlier. Older decisions
-- kept none; they were checked when they were taken.
ALTER TABLE tie_decisions ADD COLUMN totals_on TEXT;
