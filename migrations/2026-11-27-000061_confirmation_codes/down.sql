ALTER TABLE bookings DROP KEY bookings_confirmation_number, DROP COLUMN confirmation_number;
