-- What was stated wrongly and replaced, as JSON lists, the oldest first.
ALTER TABLE periods ADD COLUMN superseded_notices TEXT NOT NULL DEFAULT '[]';
ALTER TABLE award_proposals ADD COLUMN superseded_decisions TEXT NOT NULL DEFAULT '[]';
