DROP TABLE IF EXISTS listing_imports;
