DROP TABLE calendar_days;
DROP TABLE idempotency_keys;
DROP TABLE audit_entries;
DROP TABLE service_accounts;
DROP TABLE members;
DROP TABLE units;
DROP TABLE organizations;
DROP TABLE installation;
