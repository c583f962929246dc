DELETE FROM calendar_days WHERE organization_id IS NULL;
