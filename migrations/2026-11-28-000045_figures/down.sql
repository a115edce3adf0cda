ALTER TABLE bookings DROP KEY bookings_confirmed;
