-- Groups of like units within a period: each has its own ranking and awards, and may have its own table.
CREATE TABLE period_groups (
    period_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    code TEXT NOT NULL,
    position INTEGER NOT NULL,
    title TEXT NOT NULL,
    criteria_set_id TEXT,
    own_awards BOOLEAN NOT NULL,
    PRIMARY KEY (period_id, code),
    UNIQUE (period_id, position),
    FOREIGN KEY (organization_id, period_id) REFERENCES periods (organization_id, id),
    FOREIGN KEY (organization_id, criteria_set_id) REFERENCES criteria_sets (organization_id, id)
);

ALTER TABLE period_units ADD COLUMN group_code TEXT;
ALTER TABLE period_units ADD FOREIGN KEY (period_id, group_code) REFERENCES period_groups (period_id, code);

-- The awards of each group, also where they are those of the period; `group_code` is empty for those of the period itself. So a
-- proposal's quota is that of its group.
ALTER TABLE award_proposals DROP CONSTRAINT award_proposals_period_id_award_code_award_quota_fkey;
ALTER TABLE period_awards ADD COLUMN group_code TEXT NOT NULL DEFAULT '';
ALTER TABLE period_awards DROP CONSTRAINT period_awards_pkey;
ALTER TABLE period_awards DROP CONSTRAINT period_awards_period_id_position_key;
ALTER TABLE period_awards DROP CONSTRAINT period_awards_period_id_code_quota_key;
ALTER TABLE period_awards ADD PRIMARY KEY (period_id, group_code, code);
ALTER TABLE period_awards ADD UNIQUE (period_id, group_code, position);
ALTER TABLE period_awards ADD UNIQUE (period_id, group_code, code, quota);

ALTER TABLE award_proposals ADD COLUMN group_code TEXT NOT NULL DEFAULT '';
ALTER TABLE award_proposals ADD FOREIGN KEY (period_id, group_code, award_code, award_quota)
    REFERENCES period_awards (period_id, group_code, code, quota);
DROP INDEX award_proposals_slot;
CREATE UNIQUE INDEX award_proposals_slot ON award_proposals (period_id, group_code, award_code, slot) WHERE status <> 'withdrawn';
