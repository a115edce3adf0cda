DROP TABLE IF EXISTS feed_entries, feeds, booking_events;
