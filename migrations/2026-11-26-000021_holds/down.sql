DROP TABLE IF EXISTS guest_holds;

-- Requests without nights mean nothing to servers that do not know of them.
UPDATE bookings SET status = 'EXPIRED', deadline_at = NULL
WHERE status = 'REQUESTED' AND NOT EXISTS (SELECT 1 FROM nights WHERE nights.booking_id = bookings.id);

ALTER TABLE bookings
    DROP CONSTRAINT bookings_hidden, DROP KEY bookings_held, DROP KEY bookings_host_shown,
    DROP COLUMN held_since, DROP COLUMN held_until, DROP COLUMN hidden_from_host;
