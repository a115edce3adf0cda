-- Suspended listings stay hidden: their states before go with the table.
UPDATE listings SET status = 'UNLISTED' WHERE status = 'SUSPENDED';
ALTER TABLE listings DROP CONSTRAINT listings_status;
ALTER TABLE listings ADD CONSTRAINT listings_status CHECK (status IN ('DRAFT', 'PUBLISHED', 'UNLISTED'));
DROP TABLE IF EXISTS listing_suspensions;
ALTER TABLE users DROP COLUMN suspended_at;
