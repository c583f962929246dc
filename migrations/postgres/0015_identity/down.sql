DROP INDEX service_accounts_member;
ALTER TABLE service_accounts DROP COLUMN last_used_at;
ALTER TABLE service_accounts DROP COLUMN previous_secret_until;
ALTER TABLE service_accounts DROP COLUMN previous_secret_sha256;
ALTER TABLE audit_entries DROP COLUMN actor_session_id, DROP COLUMN actor_client_id, DROP COLUMN actor_member_id,
    DROP COLUMN actor_kind;
ALTER TABLE members DROP CONSTRAINT members_not_the_system, DROP CONSTRAINT members_local_never_pending,
    DROP CONSTRAINT members_machines_are_local, DROP CONSTRAINT members_ended_at, DROP CONSTRAINT members_end_reason;
DROP INDEX members_organization;
DROP INDEX members_operator;
DROP INDEX members_identity;
UPDATE members SET subject = subject || ' ' || id WHERE status = 'ended';
ALTER TABLE members DROP COLUMN end_reason, DROP COLUMN ended_at, DROP COLUMN status, DROP COLUMN kind;
ALTER TABLE members ADD CONSTRAINT members_organization_id_issuer_subject_key UNIQUE (organization_id, issuer, subject);
