-- What staff have refunded of a booking, apart from a cancellation. A later cancellation refunds at most the rest.
ALTER TABLE bookings
    ADD COLUMN staff_refunded BIGINT NOT NULL DEFAULT 0 COMMENT 'minor units; counted when decided',
    ADD CONSTRAINT bookings_staff_refunded CHECK (staff_refunded BETWEEN 0 AND total);
