-- A membership is of a person or of a machine, and begins to count when it is active. The same identity can be a member
-- again once its membership has ended.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE members_before AS SELECT * FROM members;
DROP TABLE members;
CREATE TABLE members (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT REFERENCES organizations (id),
    kind TEXT NOT NULL CHECK (kind IN ('person', 'machine')),
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    display_name TEXT NOT NULL,
    roles TEXT NOT NULL,
    unit_id TEXT,
    status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'ended')),
    valid_from_on TEXT NOT NULL,
    valid_until_on TEXT,
    ended_at TEXT,
    end_reason TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (organization_id, unit_id) REFERENCES units (organization_id, id),
    CHECK ((organization_id IS NULL) = (roles = '["operator"]')),
    CHECK (valid_until_on IS NULL OR valid_until_on >= valid_from_on),
    CHECK (issuer <> 'system'),
    CHECK (issuer <> 'local' OR status <> 'pending'),
    CHECK (kind = 'person' OR issuer = 'local'),
    CHECK ((status = 'ended') = (ended_at IS NOT NULL)),
    CHECK ((status = 'ended') = (end_reason IS NOT NULL))
) STRICT;
INSERT INTO members (id, organization_id, kind, issuer, subject, display_name, roles, unit_id, status, valid_from_on,
    valid_until_on, ended_at, end_reason, version, created_at, updated_at)
SELECT id, organization_id,
    CASE WHEN issuer = 'local'
        AND roles IN ('["integration"]', '["deadline_checker"]', '["integration","deadline_checker"]', '["auditor","integration"]',
            '["auditor","deadline_checker"]', '["auditor","integration","deadline_checker"]')
        THEN 'machine' ELSE 'person' END,
    issuer, subject, display_name, roles, unit_id, CASE WHEN issuer = 'local' THEN 'active' ELSE 'pending' END,
    valid_from_on, valid_until_on, NULL, NULL, version, created_at, updated_at
FROM members_before;
DROP TABLE members_before;
CREATE UNIQUE INDEX members_identity ON members (organization_id, issuer, subject) WHERE status <> 'ended';
CREATE UNIQUE INDEX members_operator ON members (issuer, subject) WHERE organization_id IS NULL AND status <> 'ended';
CREATE INDEX members_person ON members (issuer, subject);
CREATE INDEX members_organization ON members (organization_id, id);

-- While a secret rotates, the one before stays good for a while.
ALTER TABLE service_accounts ADD COLUMN previous_secret_sha256 TEXT;
ALTER TABLE service_accounts ADD COLUMN previous_secret_until TEXT;
ALTER TABLE service_accounts ADD COLUMN last_used_at TEXT;
CREATE INDEX service_accounts_member ON service_accounts (member_id, id);

-- Who acted: the member, what it is, and the account, client or session. Older entries have none of it, and their hashes
-- are of the shorter form.
ALTER TABLE audit_entries ADD COLUMN actor_kind TEXT;
ALTER TABLE audit_entries ADD COLUMN actor_member_id TEXT;
ALTER TABLE audit_entries ADD COLUMN actor_client_id TEXT;
ALTER TABLE audit_entries ADD COLUMN actor_session_id TEXT;

-- A calendar token belongs to the account that asked for it, no longer to a name.
DELETE FROM feed_tokens WHERE issuer = 'local' AND client_id IS NULL AND
    (SELECT COUNT(*) FROM members m WHERE m.issuer = 'local' AND m.subject = feed_tokens.subject) <> 1;
UPDATE feed_tokens SET subject = COALESCE(
    (SELECT a.id FROM service_accounts a WHERE a.client_id = feed_tokens.client_id),
    (SELECT m.id FROM members m WHERE m.issuer = 'local' AND m.subject = feed_tokens.subject LIMIT 1))
WHERE issuer = 'local';

-- The answers kept for repeated requests were kept by name.
DELETE FROM idempotency_keys;
