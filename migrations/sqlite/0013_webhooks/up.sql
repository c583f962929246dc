-- The endpoints of subscribers. The events themselves are the outbox: an endpoint records the number of the last one
-- that became a delivery.
CREATE TABLE webhook_endpoints (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    -- By whose rights it is told, narrowed by what the token was narrowed to.
    member_id TEXT NOT NULL REFERENCES members (id),
    scopes TEXT,
    -- The service account that made it, which it does not outlive.
    client_id TEXT,
    url TEXT NOT NULL,
    -- A list; empty for every type.
    event_types TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    secret TEXT NOT NULL,
    -- Signs as well until its time is over.
    previous_secret TEXT,
    previous_secret_until TEXT,
    sequence INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL))
) STRICT;
CREATE INDEX webhook_endpoints_of_organization ON webhook_endpoints (organization_id, id);

CREATE TABLE webhook_deliveries (
    id TEXT PRIMARY KEY NOT NULL,
    endpoint_id TEXT NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    -- None for a test.
    event_id TEXT REFERENCES events (id),
    event_type TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'parked')),
    attempts INTEGER NOT NULL,
    -- When it is tried next. Who tries it moves this on first, so that nobody else does meanwhile.
    next_attempt_at TEXT,
    give_up_at TEXT NOT NULL,
    last_status INTEGER,
    last_error TEXT,
    delivered_at TEXT,
    replay_of_id TEXT,
    created_at TEXT NOT NULL,
    CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CHECK ((status = 'delivered') = (delivered_at IS NOT NULL))
) STRICT;
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

CREATE TABLE webhook_attempts (
    delivery_id TEXT NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    status INTEGER,
    error TEXT,
    duration_ms INTEGER NOT NULL,
    PRIMARY KEY (delivery_id, number)
) STRICT;
