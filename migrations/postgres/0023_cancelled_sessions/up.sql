-- A session that was entered by mistake is cancelled, and one whose record is wrong is corrected. What stood is kept in
-- `superseded`, as a JSON list, the oldest first; nothing else may change the record of a closed session.
ALTER TABLE council_sessions DROP CONSTRAINT council_sessions_status_check;
ALTER TABLE council_sessions DROP CONSTRAINT council_sessions_check1;
ALTER TABLE council_sessions ADD COLUMN agenda TEXT NOT NULL DEFAULT '[]';
ALTER TABLE council_sessions ADD COLUMN superseded TEXT NOT NULL DEFAULT '[]';
ALTER TABLE council_sessions ADD COLUMN cancel_reason TEXT;
ALTER TABLE council_sessions ADD CONSTRAINT council_sessions_status_check CHECK (status IN ('planned', 'held', 'closed', 'cancelled'));
ALTER TABLE council_sessions ADD CONSTRAINT council_sessions_counted CHECK ((present IS NULL) = (needed IS NULL));
ALTER TABLE council_sessions ADD CONSTRAINT council_sessions_held CHECK (status = 'cancelled' OR (status = 'planned') = (present IS NULL));
ALTER TABLE council_sessions ADD CONSTRAINT council_sessions_cancelled CHECK ((status = 'cancelled') = (cancel_reason IS NOT NULL));

DROP TRIGGER council_sessions_no_update ON council_sessions;
CREATE TRIGGER council_sessions_no_update BEFORE UPDATE ON council_sessions
FOR EACH ROW WHEN (OLD.status = 'cancelled' OR OLD.status = 'closed' AND NOT (
    NEW.status = 'closed' AND json_array_length(NEW.superseded::json) > json_array_length(OLD.superseded::json)
    OR NEW.status IN ('closed', 'cancelled') AND NEW.superseded = OLD.superseded
        AND NEW.period_id = OLD.period_id AND NEW.held_on = OLD.held_on AND NEW.place = OLD.place
        AND NEW.quorum_numerator = OLD.quorum_numerator AND NEW.quorum_denominator = OLD.quorum_denominator
        AND NEW.present IS NOT DISTINCT FROM OLD.present AND NEW.needed IS NOT DISTINCT FROM OLD.needed
        AND NEW.presiding_member_id IS NOT DISTINCT FROM OLD.presiding_member_id AND NEW.agenda = OLD.agenda))
EXECUTE FUNCTION refuse_change('a closed session changes only by a correction');
DROP TRIGGER council_sessions_no_delete ON council_sessions;
CREATE TRIGGER council_sessions_no_delete BEFORE DELETE ON council_sessions
FOR EACH ROW WHEN (OLD.status IN ('closed', 'cancelled')) EXECUTE FUNCTION refuse_change('a closed session never changes');

-- The day of the latest of the totals that a tie decision was taken on: its session is not earlier. Older decisions
-- kept none; they were checked when they were taken.
ALTER TABLE tie_decisions ADD COLUMN totals_on DATE;
