UPDATE bookings SET held_until = NULL WHERE held_until IS NOT NULL AND (held_since IS NULL OR confirmed_at IS NOT NULL);

ALTER TABLE bookings
    MODIFY COLUMN held_since DATETIME(6) NULL COMMENT 'since when its guest holds these nights unpaid, replaced holds included',
    MODIFY COLUMN held_until DATETIME(6) NULL COMMENT 'until when an unpaid hold lasts or lasted; NULL: paid for, replaced, or a request';
