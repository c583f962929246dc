DROP TABLE period_targets;
