-- A booking has a short code for people: the last ten letters of its id, which are 50 random bits. The key finds it, and refuses a second
-- booking with the same code; the server then takes another id.
ALTER TABLE bookings
    ADD COLUMN confirmation_number BIGINT UNSIGNED GENERATED ALWAYS AS
        (CAST(CONV(RIGHT(HEX(id), 13), 16, 10) AS UNSIGNED) & 1125899906842623) VIRTUAL COMMENT 'the last 50 bits of the id',
    ADD UNIQUE KEY bookings_confirmation_number (confirmation_number);
