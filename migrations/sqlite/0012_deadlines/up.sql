ALTER TABLE calendar_days ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- One deadline per unit for its self-assessment and its dossier, one per period for everything else.
CREATE TABLE deadlines (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    period_id TEXT NOT NULL REFERENCES periods (id),
    kind TEXT NOT NULL CHECK (kind IN ('self_assessment', 'appraisal', 'council_review', 'result_notice', 'dossier')),
    unit_id TEXT,
    -- As schedule or calendar say; none while what it waits for has not happened.
    scheduled_on TEXT,
    -- As the longest extension says.
    extended_on TEXT,
    -- The later of the two.
    due_on TEXT,
    -- The first day, where the term is a wait and no limit.
    opens_on TEXT,
    met_on TEXT,
    waived_at TEXT,
    waive_reason TEXT,
    -- The days before the due date that the last reminder was for; -1 once it was told that it has passed.
    told INTEGER,
    -- The day from which on a check has something to look at.
    check_on TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (organization_id, unit_id) REFERENCES units (organization_id, id),
    CHECK ((waived_at IS NULL) = (waive_reason IS NULL)),
    CHECK (unit_id IS NOT NULL OR kind <> 'self_assessment'),
    CHECK (unit_id IS NULL OR kind IN ('self_assessment', 'dossier'))
) STRICT;
CREATE UNIQUE INDEX deadlines_once ON deadlines (period_id, kind, COALESCE(unit_id, ''));
CREATE INDEX deadlines_of_organization ON deadlines (organization_id, id);
CREATE INDEX deadlines_to_check ON deadlines (organization_id, check_on) WHERE check_on IS NOT NULL;

CREATE TABLE deadline_extensions (
    id TEXT PRIMARY KEY NOT NULL,
    deadline_id TEXT NOT NULL REFERENCES deadlines (id),
    due_on TEXT NOT NULL,
    reason TEXT NOT NULL,
    basis_document TEXT NOT NULL,
    granted_by TEXT NOT NULL REFERENCES members (id),
    granted_at TEXT NOT NULL
) STRICT;
CREATE INDEX deadline_extensions_of ON deadline_extensions (deadline_id);
