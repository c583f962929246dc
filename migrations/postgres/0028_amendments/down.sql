-- Withdrawn proposals and amendments are lost.
DELETE FROM proposal_documents WHERE proposal_id IN (SELECT id FROM award_proposals WHERE status = 'withdrawn');
DELETE FROM award_proposals WHERE status = 'withdrawn';
DROP INDEX award_proposals_of_period;
DROP INDEX award_proposals_slot;
DROP INDEX award_proposals_of_unit;
ALTER TABLE award_proposals DROP CONSTRAINT award_proposals_withdrawn_check;
ALTER TABLE award_proposals DROP CONSTRAINT award_proposals_sent_check;
ALTER TABLE award_proposals DROP CONSTRAINT award_proposals_status_check;
ALTER TABLE award_proposals ADD CONSTRAINT award_proposals_status_check
    CHECK (status IN ('draft', 'submitted', 'returned', 'approved', 'declined'));
ALTER TABLE award_proposals ADD CONSTRAINT award_proposals_check2 CHECK ((status = 'draft') = (submitted_at IS NULL));
ALTER TABLE award_proposals ADD CONSTRAINT award_proposals_period_id_unit_id_key UNIQUE (period_id, unit_id);
ALTER TABLE award_proposals ADD CONSTRAINT award_proposals_period_id_award_code_slot_key UNIQUE (period_id, award_code, slot);
ALTER TABLE award_proposals DROP COLUMN stale;
ALTER TABLE award_proposals DROP COLUMN pass_down;
ALTER TABLE award_proposals DROP COLUMN withdrawn_at;
ALTER TABLE award_proposals DROP COLUMN withdraw_reason;

ALTER TABLE periods DROP COLUMN ranking_state;
ALTER TABLE revisions DROP COLUMN amendment_id;
ALTER TABLE reviews DROP COLUMN amendment_id;
DROP TABLE amendments;
