ALTER TABLE bookings DROP KEY bookings_time_zone_rules, DROP COLUMN time_zone_rules;
