ALTER TABLE periods DROP COLUMN superseded_notices;
ALTER TABLE award_proposals DROP COLUMN superseded_decisions;
