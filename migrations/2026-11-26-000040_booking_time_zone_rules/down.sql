SET @is_there = (SELECT COUNT(*) > 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'bookings' AND column_name = 'time_zone_rules');
SET @change = IF(@is_there, 'ALTER TABLE bookings DROP KEY bookings_time_zone_rules, DROP COLUMN time_zone_rules', 'DO 0');
PREPARE change_table FROM @change;
EXECUTE change_table;
DEALLOCATE PREPARE change_table;
