-- The entries of one record, without reading the chain from its end.
CREATE INDEX audit_entries_of_subject ON audit_entries (chain, subject_id, sequence);
