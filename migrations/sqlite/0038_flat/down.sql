DROP INDEX audit_entries_of_type;
DROP INDEX reviews_by_status;
DROP INDEX deadlines_unmet;
