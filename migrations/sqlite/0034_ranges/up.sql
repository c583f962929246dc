-- Each index is a range that a list reads a page of, however many rows there are beside it.
CREATE INDEX events_of_audience ON events (organization_id, audience, sequence);
CREATE INDEX events_of_kind ON events (organization_id, kind, sequence);
CREATE INDEX events_of_unit ON events (organization_id, unit_id, sequence);

CREATE INDEX submissions_of_period ON submissions (period_id, id);
CREATE INDEX submissions_of_period_by_status ON submissions (period_id, status, id);
CREATE INDEX submissions_by_status ON submissions (organization_id, status, id);
CREATE INDEX submissions_of_unit ON submissions (unit_id, id);
-- Gates that have closed, of one organisation and of all.
CREATE INDEX submissions_gates ON submissions (organization_id, status, closes_at);
CREATE INDEX submissions_all_gates ON submissions (status, closes_at, organization_id);

CREATE INDEX deadlines_of_unit ON deadlines (organization_id, unit_id, id);
CREATE INDEX deadlines_of_period ON deadlines (period_id, id);
CREATE INDEX deadlines_of_kind ON deadlines (organization_id, kind, id);
CREATE INDEX deadlines_by_due_on ON deadlines (organization_id, COALESCE(due_on, '9999-12-31'), id);
CREATE INDEX deadlines_open ON deadlines (organization_id, due_on, id) WHERE met_on IS NULL AND waived_at IS NULL;
CREATE INDEX deadlines_met ON deadlines (organization_id, id) WHERE met_on IS NOT NULL;
CREATE INDEX deadlines_waived ON deadlines (organization_id, id) WHERE waived_at IS NOT NULL;

CREATE INDEX award_proposals_by_unit ON award_proposals (unit_id, id);
CREATE INDEX audit_entries_of_action ON audit_entries (chain, action, sequence);
