-- Refuses the change that a trigger watches for; the trigger's argument says why.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TABLE installation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    kind TEXT NOT NULL CHECK (kind = 'sandbox'),
    sandbox_now TIMESTAMP NOT NULL
);

CREATE TABLE organizations (
    id TEXT PRIMARY KEY NOT NULL,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    agency_code TEXT,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE units (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('division', 'department', 'centre', 'other')),
    active BOOLEAN NOT NULL,
    predecessor_ids TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (organization_id, code),
    UNIQUE (organization_id, id)
);

-- A member without an organisation is an operator of the installation, and nothing else.
CREATE TABLE members (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT REFERENCES organizations (id),
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    display_name TEXT NOT NULL,
    roles TEXT NOT NULL,
    unit_id TEXT,
    valid_from_on DATE NOT NULL,
    valid_until_on DATE,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (organization_id, issuer, subject),
    FOREIGN KEY (organization_id, unit_id) REFERENCES units (organization_id, id),
    CHECK ((organization_id IS NULL) = (roles = '["operator"]')),
    CHECK (valid_until_on IS NULL OR valid_until_on >= valid_from_on)
);
CREATE INDEX members_person ON members (issuer, subject);

CREATE TABLE service_accounts (
    id TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    client_id TEXT NOT NULL UNIQUE,
    secret_sha256 TEXT NOT NULL,
    scopes TEXT,
    revoked_at TIMESTAMP,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE audit_entries (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT REFERENCES organizations (id),
    at TIMESTAMP NOT NULL,
    request_id TEXT NOT NULL,
    actor_issuer TEXT NOT NULL,
    actor_subject TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    before_state TEXT,
    after_state TEXT
);
CREATE INDEX audit_entries_of_organization ON audit_entries (organization_id, id);

-- A row without an answer belongs to a request that is still running.
CREATE TABLE idempotency_keys (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    request_sha256 TEXT NOT NULL,
    status INTEGER,
    location TEXT,
    etag TEXT,
    body TEXT,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- A day without an organisation is a national one, which the operator maintains.
CREATE TABLE calendar_days (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT REFERENCES organizations (id),
    day_on DATE NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('holiday', 'substitute_off', 'swap_work')),
    name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('official', 'provisional')),
    legal_basis TEXT NOT NULL,
    UNIQUE (organization_id, day_on)
);
CREATE UNIQUE INDEX calendar_days_national ON calendar_days (day_on) WHERE organization_id IS NULL;

CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries
FOR EACH ROW EXECUTE FUNCTION refuse_change('an audit entry never changes');

CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries
FOR EACH ROW EXECUTE FUNCTION refuse_change('an audit entry never changes');
