-- A search in a box, for a stay, first takes the best so many listings that fit: with these columns it need not read the listings
-- themselves to find them.
ALTER TABLE listings
    DROP KEY listings_box,
    ADD KEY listings_box (status, area_latitude, area_longitude, rating, currency, max_guests, room_type, min_nights, max_nights);
