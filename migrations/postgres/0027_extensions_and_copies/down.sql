DROP INDEX periods_copied_from;
ALTER TABLE periods DROP COLUMN carry_over;
ALTER TABLE periods DROP COLUMN copied_from;
ALTER TABLE deadline_extensions DROP COLUMN superseded;
