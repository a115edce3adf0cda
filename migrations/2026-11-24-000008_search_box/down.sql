ALTER TABLE listings
    DROP KEY listings_box,
    ADD KEY listings_box (status, area_latitude, area_longitude),
    DROP COLUMN shortest_stay;
