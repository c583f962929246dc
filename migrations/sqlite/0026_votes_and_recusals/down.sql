DROP TABLE recusals;
DROP TABLE council_minutes;
ALTER TABLE organizations DROP COLUMN vote_thresholds;
DROP TRIGGER council_sessions_no_update;
ALTER TABLE council_sessions DROP COLUMN votes;
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
