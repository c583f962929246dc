-- The code of a cancelled period is free again.
ALTER TABLE periods DROP CONSTRAINT periods_organization_id_code_key;
CREATE UNIQUE INDEX periods_code ON periods (organization_id, code) WHERE status <> 'cancelled';
