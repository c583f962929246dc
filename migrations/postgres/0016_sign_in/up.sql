-- People sign in with a password of their own; only machines keep client credentials.
UPDATE service_accounts SET revoked_at = now() AT TIME ZONE 'UTC', version = version + 1
WHERE revoked_at IS NULL AND member_id IN (SELECT id FROM members WHERE kind = 'person');

CREATE TABLE passwords (
    member_id TEXT PRIMARY KEY NOT NULL REFERENCES members (id),
    hash TEXT NOT NULL,
    changed_at TIMESTAMP NOT NULL
);

CREATE TABLE invitations (
    id TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    inviter_id TEXT REFERENCES members (id),
    token_sha256 TEXT NOT NULL UNIQUE,
    expires_at TIMESTAMP NOT NULL,
    accepted_at TIMESTAMP,
    revoked_at TIMESTAMP,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CHECK (accepted_at IS NULL OR revoked_at IS NULL)
);
CREATE UNIQUE INDEX invitations_open ON invitations (member_id) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_member ON invitations (member_id, id);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    salt TEXT NOT NULL,
    generation BIGINT NOT NULL CHECK (generation >= 0),
    user_agent TEXT,
    address TEXT,
    last_used_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX sessions_member ON sessions (member_id, id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    sha256 TEXT PRIMARY KEY NOT NULL,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    generation BIGINT NOT NULL,
    UNIQUE (session_id, generation)
);

-- Failed sign-ins, by account and by address.
CREATE TABLE sign_in_failures (
    key TEXT PRIMARY KEY NOT NULL,
    failures INTEGER NOT NULL,
    blocked_until TIMESTAMP NOT NULL,
    failed_at TIMESTAMP NOT NULL
);
CREATE INDEX sign_in_failures_age ON sign_in_failures (failed_at);
