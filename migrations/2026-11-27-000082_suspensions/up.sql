-- Suspensions by staff. Why, and by whom, is in the audit log. A listing is SUSPENDED while it or its host is suspended, so that every
-- statement that asks for published listings leaves it out.
ALTER TABLE users
    ADD COLUMN suspended_at DATETIME(6) NULL COMMENT 'since when they cannot sign in';
ALTER TABLE listings DROP CONSTRAINT listings_status;
ALTER TABLE listings ADD CONSTRAINT listings_status CHECK (status IN ('DRAFT', 'PUBLISHED', 'UNLISTED', 'SUSPENDED'));

-- One row for each listing that is SUSPENDED.
CREATE TABLE IF NOT EXISTS listing_suspensions (
    listing_id    BINARY(16)  NOT NULL,
    status_before VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the state to which it returns',
    suspended_at  DATETIME(6) NULL COMMENT 'since when the listing itself is suspended; NULL: only its host is',
    PRIMARY KEY (listing_id),
    CONSTRAINT listing_suspensions_listing FOREIGN KEY (listing_id) REFERENCES listings (id),
    CONSTRAINT listing_suspensions_before CHECK (status_before IN ('DRAFT', 'PUBLISHED', 'UNLISTED'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
