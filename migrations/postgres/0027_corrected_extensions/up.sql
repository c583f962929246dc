-- The days that an extension was granted to before it was corrected, as a JSON list, the oldest first.
ALTER TABLE deadline_extensions ADD COLUMN superseded TEXT NOT NULL DEFAULT '[]';
