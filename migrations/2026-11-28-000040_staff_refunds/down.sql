ALTER TABLE bookings DROP CONSTRAINT bookings_staff_refunded, DROP COLUMN staff_refunded;
