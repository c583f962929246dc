-- The days that an extension was granted to before it was corrected, as a JSON list, the oldest first.
ALTER TABLE deadline_extensions ADD COLUMN superseded TEXT NOT NULL DEFAULT '[]';
-- The period that a period was copied from, and whether the submissions of that one are carried over when it opens.
ALTER TABLE periods ADD COLUMN copied_from TEXT REFERENCES periods (id);
ALTER TABLE periods ADD COLUMN carry_over INTEGER NOT NULL DEFAULT 0 CHECK (carry_over IN (0, 1) AND (carry_over = 0 OR copied_from IS NOT NULL));
CREATE INDEX periods_copied_from ON periods (copied_from) WHERE copied_from IS NOT NULL;
