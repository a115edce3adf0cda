-- A search in a box, for a stay, first takes the best so many listings that fit: with these columns it need not read the listings
-- themselves to find them. Most listings of a city may ask for longer stays than most guests want.
ALTER TABLE listings
    ADD COLUMN shortest_stay SMALLINT UNSIGNED NOT NULL DEFAULT 0
        COMMENT 'no stay has fewer nights, on any day of arrival; may be less than the shortest; 0: not known',
    DROP KEY listings_box,
    ADD KEY listings_box (status, area_latitude, area_longitude, rating, currency, max_guests, room_type, shortest_stay,
        min_nights, max_nights);
