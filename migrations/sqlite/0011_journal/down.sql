DROP TABLE events;
DROP TABLE journals;
DROP TRIGGER audit_entries_no_update;
DROP INDEX audit_entries_chain;
ALTER TABLE audit_entries DROP COLUMN hash;
ALTER TABLE audit_entries DROP COLUMN prev_hash;
ALTER TABLE audit_entries DROP COLUMN sequence;
ALTER TABLE audit_entries DROP COLUMN chain;
CREATE INDEX audit_entries_of_organization ON audit_entries (organization_id, id);
CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'an audit entry never changes');
END;
