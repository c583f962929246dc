DROP INDEX service_accounts_member;
ALTER TABLE service_accounts DROP COLUMN last_used_at;
ALTER TABLE service_accounts DROP COLUMN previous_secret_until;
ALTER TABLE service_accounts DROP COLUMN previous_secret_sha256;
ALTER TABLE audit_entries DROP COLUMN actor_session_id;
ALTER TABLE audit_entries DROP COLUMN actor_client_id;
ALTER TABLE audit_entries DROP COLUMN actor_member_id;
ALTER TABLE audit_entries DROP COLUMN actor_kind;
PRAGMA defer_foreign_keys = ON;
CREATE TABLE members_before AS SELECT * FROM members;
DROP TABLE members;
CREATE TABLE members (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT REFERENCES organizations (id),
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    display_name TEXT NOT NULL,
    roles TEXT NOT NULL,
    unit_id TEXT,
    valid_from_on TEXT NOT NULL,
    valid_until_on TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organization_id, issuer, subject),
    FOREIGN KEY (organization_id, unit_id) REFERENCES units (organization_id, id),
    CHECK ((organization_id IS NULL) = (roles = '["operator"]')),
    CHECK (valid_until_on IS NULL OR valid_until_on >= valid_from_on)
) STRICT;
INSERT INTO members (id, organization_id, issuer, subject, display_name, roles, unit_id, valid_from_on, valid_until_on,
    version, created_at, updated_at)
SELECT id, organization_id, issuer, CASE WHEN status = 'ended' THEN subject || ' ' || id ELSE subject END, display_name, roles,
    unit_id, valid_from_on, valid_until_on, version, created_at, updated_at
FROM members_before;
DROP TABLE members_before;
CREATE INDEX members_person ON members (issuer, subject);
