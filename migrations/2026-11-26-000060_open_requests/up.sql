-- Open requests have limits as unpaid holds have, so they too know until when nobody pays for them.
ALTER TABLE bookings
    MODIFY COLUMN held_since DATETIME(6) NULL COMMENT 'since when its guest holds these nights unpaid, replaced holds included; NULL: a request',
    MODIFY COLUMN held_until DATETIME(6) NULL COMMENT 'until when nobody pays, or paid; NULL: paid for, replaced, or its host has answered or let it end';

UPDATE bookings SET held_until = deadline_at WHERE status = 'REQUESTED' AND held_until IS NULL;
