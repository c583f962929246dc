-- A membership is of a person or of a machine, and begins to count when it is active. The same identity can be a member
-- again once its membership has ended.
ALTER TABLE members DROP CONSTRAINT members_organization_id_issuer_subject_key;
ALTER TABLE members ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'machine'));
ALTER TABLE members ADD COLUMN status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('pending', 'active', 'ended'));
ALTER TABLE members ADD COLUMN ended_at TIMESTAMP;
ALTER TABLE members ADD COLUMN end_reason TEXT;
UPDATE members SET kind = 'machine' WHERE issuer = 'local'
    AND roles IN ('["integration"]', '["deadline_checker"]', '["integration","deadline_checker"]', '["auditor","integration"]',
        '["auditor","deadline_checker"]', '["auditor","integration","deadline_checker"]');
UPDATE members SET status = 'pending' WHERE issuer <> 'local';
ALTER TABLE members ALTER COLUMN kind DROP DEFAULT, ALTER COLUMN status DROP DEFAULT;
ALTER TABLE members ADD CONSTRAINT members_not_the_system CHECK (issuer <> 'system');
ALTER TABLE members ADD CONSTRAINT members_local_never_pending CHECK (issuer <> 'local' OR status <> 'pending');
ALTER TABLE members ADD CONSTRAINT members_machines_are_local CHECK (kind = 'person' OR issuer = 'local');
ALTER TABLE members ADD CONSTRAINT members_ended_at CHECK ((status = 'ended') = (ended_at IS NOT NULL));
ALTER TABLE members ADD CONSTRAINT members_end_reason CHECK ((status = 'ended') = (end_reason IS NOT NULL));
CREATE UNIQUE INDEX members_identity ON members (organization_id, issuer, subject) WHERE status <> 'ended';
CREATE UNIQUE INDEX members_operator ON members (issuer, subject) WHERE organization_id IS NULL AND status <> 'ended';
CREATE INDEX members_organization ON members (organization_id, id);

-- While a secret rotates, the one before stays good for a while.
ALTER TABLE service_accounts ADD COLUMN previous_secret_sha256 TEXT;
ALTER TABLE service_accounts ADD COLUMN previous_secret_until TIMESTAMP;
ALTER TABLE service_accounts ADD COLUMN last_used_at TIMESTAMP;
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
