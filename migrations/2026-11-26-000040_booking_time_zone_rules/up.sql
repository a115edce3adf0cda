-- With which version of the time zone rules (tzdata) the instants of a booking were worked out, so that they can be worked out
-- again when rules change. '': by a program that did not write it down. The key finds the bookings to look at: none, most of the
-- time.
ALTER TABLE bookings
    ADD COLUMN time_zone_rules VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''
        COMMENT 'version of tzdata behind the instants, such as 2026f',
    ADD KEY bookings_time_zone_rules (status, time_zone_rules);
