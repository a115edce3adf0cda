DROP TABLE IF EXISTS impersonations;
