ALTER TABLE amenities
    DROP KEY amenities_name_key,
    DROP COLUMN name_key;
