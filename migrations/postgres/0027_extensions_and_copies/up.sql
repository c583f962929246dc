-- The days that an extension was granted to before it was corrected, as a JSON list, the oldest first.
ALTER TABLE deadline_extensions ADD COLUMN superseded TEXT NOT NULL DEFAULT '[]';
-- The period that a period was copied from, and whether the submissions of that one are carried over when it opens.
ALTER TABLE periods
    ADD COLUMN copied_from TEXT,
    ADD COLUMN carry_over BOOLEAN NOT NULL DEFAULT false,
    ADD CHECK (NOT carry_over OR copied_from IS NOT NULL),
    ADD FOREIGN KEY (organization_id, copied_from) REFERENCES periods (organization_id, id);
CREATE INDEX periods_copied_from ON periods (copied_from) WHERE copied_from IS NOT NULL;
