DROP TRIGGER events_no_update;
UPDATE events SET audience = 'everybody' WHERE audience = 'deadline' AND unit_id IS NULL;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event never changes');
END;
DROP TABLE revision_withdrawals;
ALTER TABLE rankings DROP COLUMN salt;
