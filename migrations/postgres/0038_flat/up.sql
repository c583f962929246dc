-- What is still open of a period, however much of it is done.
CREATE INDEX deadlines_unmet ON deadlines (period_id, kind, due_on) WHERE met_on IS NULL;
-- A member's own reviews, and the drafts among all.
CREATE INDEX reviews_by_status ON reviews (organization_id, status, seat);
-- The entries about a type of record, without reading the chain from its end.
CREATE INDEX audit_entries_of_type ON audit_entries (chain, subject_type, sequence);
