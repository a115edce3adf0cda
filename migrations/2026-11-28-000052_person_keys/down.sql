DROP TABLE IF EXISTS person_keys;
