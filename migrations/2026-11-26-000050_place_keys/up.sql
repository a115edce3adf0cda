-- Names of places in the form in which they are looked up (`types::search_key`), so that `Giessen` finds Gießen. The program writes them
-- with the names. A server that starts makes those that are missing, also of rows that an older server wrote.
ALTER TABLE listings
    ADD COLUMN city_key VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'NULL: not yet made',
    ADD COLUMN region_key VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    ADD COLUMN neighborhood_key VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    ADD KEY listings_city_key (city_key, status),
    ADD KEY listings_region_key (region_key, status),
    ADD KEY listings_neighborhood_key (neighborhood_key, status),
    ADD KEY listings_country (country_code, status);
