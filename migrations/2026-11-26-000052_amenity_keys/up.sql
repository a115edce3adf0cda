-- The key of an amenity (`types::amenity_key`), the same for all spellings of its name, so that `Wi-Fi` and `Wifi` are one. A server that
-- starts makes those that are missing, and puts amenities together that were two.
ALTER TABLE amenities
    ADD COLUMN name_key VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'NULL: not yet made',
    ADD UNIQUE KEY amenities_name_key (name_key);
