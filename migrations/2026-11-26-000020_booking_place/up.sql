-- A booking keeps the place, time zone and wall-clock times it was made with. NULL: made by a server that does not know these columns, and
-- filled in from the listing by whoever is about to change it.
ALTER TABLE bookings
    ADD COLUMN time_zone     VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'IANA, when it was made',
    ADD COLUMN check_in_from TIME         NULL COMMENT 'local wall clock, when it was made',
    ADD COLUMN check_out_by  TIME         NULL COMMENT 'local wall clock, when it was made',
    ADD COLUMN address       VARCHAR(300) NULL COMMENT 'private, when it was made',
    ADD COLUMN latitude      DOUBLE       NULL COMMENT 'private, exact, when it was made',
    ADD COLUMN longitude     DOUBLE       NULL COMMENT 'private, exact, when it was made';

UPDATE bookings JOIN listings ON listings.id = bookings.listing_id
SET bookings.time_zone = listings.time_zone, bookings.check_in_from = listings.check_in_from,
    bookings.check_out_by = listings.check_out_by, bookings.address = listings.address,
    bookings.latitude = listings.latitude, bookings.longitude = listings.longitude
WHERE bookings.time_zone IS NULL;
