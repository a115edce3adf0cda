ALTER TABLE bookings
    DROP COLUMN time_zone, DROP COLUMN check_in_from, DROP COLUMN check_out_by,
    DROP COLUMN address, DROP COLUMN latitude, DROP COLUMN longitude;
