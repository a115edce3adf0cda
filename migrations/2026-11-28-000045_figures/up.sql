-- The figures of the desk read the bookings of a currency that were confirmed in a range of days.
ALTER TABLE bookings
    ADD KEY bookings_confirmed (currency, confirmed_at);
