ALTER TABLE listings
    DROP KEY listings_city_key,
    DROP KEY listings_region_key,
    DROP KEY listings_neighborhood_key,
    DROP KEY listings_country,
    DROP COLUMN city_key,
    DROP COLUMN region_key,
    DROP COLUMN neighborhood_key;
