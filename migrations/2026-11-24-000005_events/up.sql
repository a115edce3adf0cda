-- What happened to bookings. Sequences are allocated under row locks, so their order is the order of commits.
CREATE TABLE IF NOT EXISTS booking_events (
    booking_id  BINARY(16)   NOT NULL,
    sequence    INT UNSIGNED NOT NULL COMMENT 'allocated under the lock of the booking',
    kind        VARCHAR(32)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    happened_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (booking_id, sequence),
    CONSTRAINT booking_events_booking FOREIGN KEY (booking_id) REFERENCES bookings (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS feeds (
    user_id       BINARY(16)      NOT NULL,
    role          VARCHAR(5)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    last_sequence BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (user_id, role),
    CONSTRAINT feeds_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT feeds_role CHECK (role IN ('GUEST', 'HOST'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS feed_entries (
    user_id          BINARY(16)      NOT NULL,
    role             VARCHAR(5)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    sequence         BIGINT UNSIGNED NOT NULL COMMENT 'allocated under the lock of the feed',
    booking_id       BINARY(16)      NOT NULL,
    booking_sequence INT UNSIGNED    NOT NULL,
    appended_at      TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'clock of the database: other servers look for what is new',
    PRIMARY KEY (user_id, role, sequence),
    KEY feed_entries_appended (appended_at),
    KEY feed_entries_event (booking_id, booking_sequence),
    CONSTRAINT feed_entries_event FOREIGN KEY (booking_id, booking_sequence) REFERENCES booking_events (booking_id, sequence)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
