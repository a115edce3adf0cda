ALTER TABLE refresh_tokens DROP COLUMN child_hash, DROP COLUMN used_from;

ALTER TABLE sessions DROP COLUMN device_hash;

DROP TABLE IF EXISTS devices;
