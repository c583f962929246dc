DROP INDEX audit_entries_of_subject;
