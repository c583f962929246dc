-- Tokens for calendar programs, which cannot send a header: read-only, and only for one person's deadlines.
CREATE TABLE feed_tokens (
    id TEXT PRIMARY KEY NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- What the token was narrowed to that asked for it.
    scopes TEXT,
    -- The service account that asked for it, which it does not outlive.
    client_id TEXT,
    token_sha256 TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX feed_tokens_of_person ON feed_tokens (issuer, subject, id);
