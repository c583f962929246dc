-- Every organisation has a journal: the chain of its audit entries and the order of its events. The installation
-- itself has one as well, for what belongs to no organisation.
CREATE TABLE journals (
    chain TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT UNIQUE REFERENCES organizations (id),
    audit_sequence INTEGER NOT NULL,
    -- Empty while entries that are older than the chain wait to be sealed.
    audit_hash TEXT NOT NULL,
    event_sequence INTEGER NOT NULL,
    CHECK (chain = COALESCE(organization_id, 'installation'))
) STRICT;

DROP TRIGGER audit_entries_no_update;
ALTER TABLE audit_entries ADD COLUMN chain TEXT NOT NULL DEFAULT 'installation';
ALTER TABLE audit_entries ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit_entries ADD COLUMN prev_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_entries ADD COLUMN hash TEXT NOT NULL DEFAULT '';
UPDATE audit_entries SET chain = organization_id WHERE organization_id IS NOT NULL;
UPDATE audit_entries SET sequence = numbered.n FROM
    (SELECT id, ROW_NUMBER() OVER (PARTITION BY chain ORDER BY id) AS n FROM audit_entries) AS numbered
WHERE numbered.id = audit_entries.id;
DROP INDEX audit_entries_of_organization;
CREATE UNIQUE INDEX audit_entries_chain ON audit_entries (chain, sequence);

INSERT INTO journals (chain, organization_id, audit_sequence, audit_hash, event_sequence)
SELECT 'installation', NULL, (SELECT COUNT(*) FROM audit_entries WHERE chain = 'installation'), '', 0
UNION ALL
SELECT id, id, (SELECT COUNT(*) FROM audit_entries WHERE chain = organizations.id), '', 0 FROM organizations;

-- Only an entry without a hash may still be given one.
CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries WHEN OLD.hash <> ''
BEGIN
    SELECT RAISE(ABORT, 'an audit entry never changes');
END;

-- The outbox for subscribers, in the order of the commits.
CREATE TABLE events (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    sequence INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    audience TEXT NOT NULL CHECK (audience IN ('everybody', 'own_unit', 'sheet_submitted', 'sheet_appraised', 'proposal', 'deadline')),
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    period_id TEXT,
    unit_id TEXT,
    at TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (organization_id, sequence),
    CHECK (audience IN ('everybody', 'deadline') OR unit_id IS NOT NULL)
) STRICT;

CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event never changes');
END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event never changes');
END;
