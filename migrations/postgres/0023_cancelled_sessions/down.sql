ALTER TABLE tie_decisions DROP COLUMN totals_on;

DROP TRIGGER council_sessions_no_update ON council_sessions;
DROP TRIGGER council_sessions_no_delete ON council_sessions;
ALTER TABLE council_sessions DROP CONSTRAINT council_sessions_cancelled;
ALTER TABLE council_sessions DROP CONSTRAINT council_sessions_held;
ALTER TABLE council_sessions DROP CONSTRAINT council_sessions_counted;
ALTER TABLE council_sessions DROP CONSTRAINT council_sessions_status_check;
-- A cancelled session becomes one that was never closed, so that it does not decide.
UPDATE council_sessions SET status = CASE WHEN present IS NULL THEN 'planned' ELSE 'held' END WHERE status = 'cancelled';
ALTER TABLE council_sessions DROP COLUMN cancel_reason;
ALTER TABLE council_sessions DROP COLUMN superseded;
ALTER TABLE council_sessions DROP COLUMN agenda;
ALTER TABLE council_sessions ADD CONSTRAINT council_sessions_status_check CHECK (status IN ('planned', 'held', 'closed'));
ALTER TABLE council_sessions ADD CONSTRAINT council_sessions_check1
    CHECK ((status = 'planned') = (present IS NULL) AND (present IS NULL) = (needed IS NULL));
CREATE TRIGGER council_sessions_no_update BEFORE UPDATE ON council_sessions
FOR EACH ROW WHEN (OLD.status = 'closed') EXECUTE FUNCTION refuse_change('a closed session never changes');
CREATE TRIGGER council_sessions_no_delete BEFORE DELETE ON council_sessions
FOR EACH ROW WHEN (OLD.status = 'closed') EXECUTE FUNCTION refuse_change('a closed session never changes');
