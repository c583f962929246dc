-- Without groups, what belongs to one is lost: its awards and its proposals.
DELETE FROM proposal_documents WHERE proposal_id IN (SELECT id FROM award_proposals WHERE group_code <> '');
DELETE FROM award_proposals WHERE group_code <> '';
DELETE FROM period_awards WHERE group_code <> '';
DROP INDEX award_proposals_slot;
ALTER TABLE award_proposals DROP COLUMN group_code;
ALTER TABLE period_awards DROP COLUMN group_code;
ALTER TABLE period_awards ADD PRIMARY KEY (period_id, code);
ALTER TABLE period_awards ADD UNIQUE (period_id, position);
ALTER TABLE period_awards ADD UNIQUE (period_id, code, quota);
ALTER TABLE award_proposals ADD FOREIGN KEY (period_id, award_code, award_quota) REFERENCES period_awards (period_id, code, quota);
CREATE UNIQUE INDEX award_proposals_slot ON award_proposals (period_id, award_code, slot) WHERE status <> 'withdrawn';
ALTER TABLE period_units DROP COLUMN group_code;
DROP TABLE period_groups;
