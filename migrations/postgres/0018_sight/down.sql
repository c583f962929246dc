DROP TRIGGER events_no_update ON events;
UPDATE events SET audience = 'everybody' WHERE audience = 'deadline' AND unit_id IS NULL;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
FOR EACH ROW EXECUTE FUNCTION refuse_change('an event never changes');
DROP TABLE revision_withdrawals;
ALTER TABLE rankings DROP COLUMN salt;
