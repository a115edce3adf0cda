DROP TABLE IF EXISTS idempotency_keys, nights, bookings, quotes;
