DROP TABLE deadline_extensions;
DROP TABLE deadlines;
ALTER TABLE calendar_days DROP COLUMN version;
