-- Public keys of the service's own issuer, so that instances learn of each other's: never the private halves.
CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY NOT NULL,
    -- The key itself, in base64url.
    public TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
