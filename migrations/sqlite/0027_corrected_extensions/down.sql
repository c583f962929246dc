ALTER TABLE deadline_extensions DROP COLUMN superseded;
