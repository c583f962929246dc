DROP TABLE facts;
DROP TABLE period_awards;
DROP TABLE period_units;
DROP TABLE periods;
DROP TABLE criteria_sets;
