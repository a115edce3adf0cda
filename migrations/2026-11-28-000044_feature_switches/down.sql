DROP TABLE IF EXISTS feature_switches;
