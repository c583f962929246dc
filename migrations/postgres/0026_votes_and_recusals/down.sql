DROP TABLE recusals;
DROP TABLE council_minutes;
ALTER TABLE organizations DROP COLUMN vote_thresholds;
DROP TRIGGER council_sessions_no_update ON council_sessions;
ALTER TABLE council_sessions DROP COLUMN votes;
CREATE TRIGGER council_sessions_no_update BEFORE UPDATE ON council_sessions
FOR EACH ROW WHEN (OLD.status = 'cancelled' OR OLD.status = 'closed' AND NOT (
    NEW.status = 'closed' AND json_array_length(NEW.superseded::json) > json_array_length(OLD.superseded::json)
    OR NEW.status IN ('closed', 'cancelled') AND NEW.superseded = OLD.superseded
        AND NEW.period_id = OLD.period_id AND NEW.held_on = OLD.held_on AND NEW.place = OLD.place
        AND NEW.quorum_numerator = OLD.quorum_numerator AND NEW.quorum_denominator = OLD.quorum_denominator
        AND NEW.present IS NOT DISTINCT FROM OLD.present AND NEW.needed IS NOT DISTINCT FROM OLD.needed
        AND NEW.presiding_member_id IS NOT DISTINCT FROM OLD.presiding_member_id AND NEW.agenda = OLD.agenda))
EXECUTE FUNCTION refuse_change('a closed session changes only by a correction');
