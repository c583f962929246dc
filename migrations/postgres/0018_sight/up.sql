-- The random text in the commitment of a ranking, without which a guess of its inputs could be tested.
ALTER TABLE rankings ADD COLUMN salt TEXT NOT NULL DEFAULT '';
DROP TRIGGER rankings_no_update ON rankings;
UPDATE rankings SET salt = replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
CREATE TRIGGER rankings_no_update BEFORE UPDATE ON rankings
FOR EACH ROW EXECUTE FUNCTION refuse_change('a final ranking never changes');

-- Revisions that their unit withdrew, which are visible to the unit alone.
CREATE TABLE revision_withdrawals (
    submission_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    withdrawn_at TIMESTAMP NOT NULL,
    PRIMARY KEY (submission_id, revision),
    FOREIGN KEY (submission_id, revision) REFERENCES revisions (submission_id, revision)
);
-- The number of a withdrawn revision is the number of times that the unit had submitted.
INSERT INTO revision_withdrawals (submission_id, revision, withdrawn_at)
SELECT revisions.submission_id, revisions.revision, withdrawn.at
FROM events AS withdrawn JOIN revisions ON revisions.submission_id = withdrawn.subject_id AND revisions.revision = (
    SELECT COUNT(*) FROM events AS submitted
    WHERE submitted.organization_id = withdrawn.organization_id AND submitted.subject_id = withdrawn.subject_id
        AND submitted.kind = 'submission.submitted' AND submitted.sequence < withdrawn.sequence
)
WHERE withdrawn.kind = 'submission.withdrawn';

-- Reminders of a stage that ends with the last submission are visible to those who see the state of every submission.
DROP TRIGGER events_no_update ON events;
UPDATE events SET audience = 'deadline'
WHERE unit_id IS NULL AND kind IN ('deadline.due_soon', 'deadline.overdue')
    AND data::json ->> 'kind' IN ('appraisal', 'council_review');
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
FOR EACH ROW EXECUTE FUNCTION refuse_change('an event never changes');

-- What went wrong is a code.
UPDATE webhook_deliveries SET last_error = CASE
    WHEN last_status IS NOT NULL THEN 'status'
    WHEN last_error = 'this address is not allowed' OR last_error LIKE '%has no public address%' THEN 'address_forbidden'
    WHEN last_error LIKE '%dns error%' THEN 'name_not_resolved'
    WHEN last_error LIKE '%onnection refused%' THEN 'connection_refused'
    WHEN last_error LIKE '%timed out%' THEN 'timed_out'
    ELSE 'connection_failed'
END
WHERE last_error IS NOT NULL;
UPDATE webhook_attempts SET error = CASE
    WHEN status IS NOT NULL THEN 'status'
    WHEN error = 'this address is not allowed' OR error LIKE '%has no public address%' THEN 'address_forbidden'
    WHEN error LIKE '%dns error%' THEN 'name_not_resolved'
    WHEN error LIKE '%onnection refused%' THEN 'connection_refused'
    WHEN error LIKE '%timed out%' THEN 'timed_out'
    ELSE 'connection_failed'
END
WHERE error IS NOT NULL;
