-- Unpaid holds have limits, and a request holds nothing and is not shown to its host until money is authorized. The check keeps servers that
-- do not know of this from confirming a request whose nights were never claimed.
ALTER TABLE bookings
    ADD COLUMN held_since       DATETIME(6) NULL COMMENT 'since when its guest holds these nights unpaid, replaced holds included',
    ADD COLUMN held_until       DATETIME(6) NULL COMMENT 'until when an unpaid hold lasts or lasted; NULL: paid for, replaced, or a request',
    ADD COLUMN hidden_from_host BOOLEAN     NOT NULL DEFAULT FALSE COMMENT 'a request for which no money was authorized: it has no nights',
    ADD KEY bookings_held (guest_id, held_until),
    ADD KEY bookings_host_shown (host_id, hidden_from_host, check_in, id),
    ADD CONSTRAINT bookings_hidden CHECK (hidden_from_host = FALSE OR status IN ('REQUESTED', 'EXPIRED', 'CANCELLED'));

UPDATE bookings SET held_since = created_at, held_until = deadline_at
WHERE status = 'PENDING_PAYMENT' AND held_until IS NULL;

-- The lock of its row lets the holds of one guest begin one after the other.
CREATE TABLE IF NOT EXISTS guest_holds (
    guest_id BINARY(16)      NOT NULL,
    holds    BIGINT UNSIGNED NOT NULL COMMENT 'how many were begun; written each time, so that a cluster of several writers sees a conflict',
    PRIMARY KEY (guest_id),
    CONSTRAINT guest_holds_guest FOREIGN KEY (guest_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
