DROP TABLE IF EXISTS night_rates, listing_amenities, amenities, photos, listings;
