ALTER TABLE feed_entries DROP FOREIGN KEY feed_entries_event;

ALTER TABLE feed_entries ADD KEY feed_entries_appended (appended_at), DROP KEY feed_entries_of_topic;

ALTER TABLE feed_entries
    RENAME COLUMN owner_id TO user_id, RENAME COLUMN topic TO role, RENAME COLUMN position TO sequence,
    RENAME COLUMN subject_id TO booking_id, RENAME COLUMN event_sequence TO booking_sequence;

ALTER TABLE feed_entries
    MODIFY COLUMN role     VARCHAR(5)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    MODIFY COLUMN sequence BIGINT UNSIGNED NOT NULL COMMENT 'allocated under the lock of the feed';

ALTER TABLE feeds
    RENAME COLUMN owner_id TO user_id, RENAME COLUMN topic TO role, RENAME COLUMN last_position TO last_sequence;

ALTER TABLE feeds
    MODIFY COLUMN user_id       BINARY(16)      NOT NULL,
    MODIFY COLUMN role          VARCHAR(5)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    MODIFY COLUMN last_sequence BIGINT UNSIGNED NOT NULL;

ALTER TABLE feeds ADD CONSTRAINT feeds_role CHECK (role IN ('GUEST', 'HOST'));

ALTER TABLE feeds ADD CONSTRAINT feeds_user FOREIGN KEY /*M! IF NOT EXISTS */ (user_id) REFERENCES users (id);

ALTER TABLE events DROP CONSTRAINT events_payload;

ALTER TABLE events
    DROP KEY events_happened, DROP COLUMN subject, DROP COLUMN actor, DROP COLUMN actor_id, DROP COLUMN on_behalf_of,
    DROP COLUMN cause, DROP COLUMN cause_id, DROP COLUMN payload;

ALTER TABLE events RENAME COLUMN subject_id TO booking_id;

ALTER TABLE events
    MODIFY COLUMN booking_id BINARY(16)   NOT NULL,
    MODIFY COLUMN sequence   INT UNSIGNED NOT NULL COMMENT 'allocated under the lock of the booking';

ALTER TABLE events RENAME TO booking_events;

ALTER TABLE booking_events
    ADD CONSTRAINT booking_events_booking FOREIGN KEY /*M! IF NOT EXISTS */ (booking_id) REFERENCES bookings (id);

ALTER TABLE feed_entries
    ADD CONSTRAINT feed_entries_event FOREIGN KEY (booking_id, booking_sequence) REFERENCES booking_events (booking_id, sequence);
