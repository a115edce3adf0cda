ALTER TABLE listings
    DROP KEY listings_box,
    ADD KEY listings_box (status, area_latitude, area_longitude, rating, currency, max_guests, room_type, shortest_stay,
        min_nights, max_nights),
    DROP KEY listings_by_recommendation,
    DROP COLUMN recommendation;
