-- What the council votes on, with the threshold of each vote, as a JSON list. They are a part of the record.
ALTER TABLE council_sessions ADD COLUMN votes TEXT NOT NULL DEFAULT '[]';
DROP TRIGGER council_sessions_no_update;
CREATE TRIGGER council_sessions_no_update BEFORE UPDATE ON council_sessions
WHEN OLD.status = 'cancelled' OR OLD.status = 'closed' AND NOT (
    NEW.status = 'closed' AND json_array_length(NEW.superseded) > json_array_length(OLD.superseded)
    OR NEW.status IN ('closed', 'cancelled') AND NEW.superseded = OLD.superseded
        AND NEW.period_id = OLD.period_id AND NEW.held_on = OLD.held_on AND NEW.place = OLD.place
        AND NEW.quorum_numerator = OLD.quorum_numerator AND NEW.quorum_denominator = OLD.quorum_denominator
        AND NEW.present IS OLD.present AND NEW.needed IS OLD.needed
        AND NEW.presiding_member_id IS OLD.presiding_member_id AND NEW.agenda = OLD.agenda AND NEW.votes = OLD.votes)
BEGIN
    SELECT RAISE(ABORT, 'a closed session changes only by a correction');
END;

-- Which share of the council an award needs, from which day on, as a JSON list.
ALTER TABLE organizations ADD COLUMN vote_thresholds TEXT NOT NULL DEFAULT '[]';

-- The minutes of a session; the last number is the one that counts, those before were replaced.
CREATE TABLE council_minutes (
    session_id TEXT NOT NULL REFERENCES council_sessions (id),
    number INTEGER NOT NULL CHECK (number > 0),
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    attached_at TEXT NOT NULL,
    PRIMARY KEY (session_id, number)
) STRICT;
CREATE INDEX council_minutes_by_sha256 ON council_minutes (sha256);
CREATE TRIGGER council_minutes_no_update BEFORE UPDATE ON council_minutes
BEGIN
    SELECT RAISE(ABORT, 'minutes are replaced, not changed');
END;
CREATE TRIGGER council_minutes_no_delete BEFORE DELETE ON council_minutes
BEGIN
    SELECT RAISE(ABORT, 'minutes are replaced, not changed');
END;

-- Whom a conflict keeps away from a submission. One recusal at a time for a member and a submission.
CREATE TABLE recusals (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    period_id TEXT NOT NULL,
    unit_id TEXT NOT NULL REFERENCES units (id),
    member_id TEXT NOT NULL REFERENCES members (id),
    ground TEXT NOT NULL CHECK (ground IN ('family', 'former_member_of_unit', 'own_work', 'other')),
    note TEXT,
    declared_by TEXT NOT NULL REFERENCES members (id),
    withdrawn_at TEXT,
    withdrawn_by TEXT REFERENCES members (id),
    withdraw_reason TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    CHECK (ground <> 'other' OR note IS NOT NULL),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (withdraw_reason IS NULL))
) STRICT;
CREATE UNIQUE INDEX recusals_standing ON recusals (submission_id, member_id) WHERE withdrawn_at IS NULL;
CREATE INDEX recusals_of_member ON recusals (member_id);
CREATE INDEX recusals_of_period ON recusals (period_id);
CREATE INDEX recusals_of_organization ON recusals (organization_id, id);
