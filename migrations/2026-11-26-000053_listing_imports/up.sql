-- What imports remember of each listing: which dataset it belongs to, which file had it last, and what the files said, so that a later
-- import can tell what the host has changed since.
CREATE TABLE IF NOT EXISTS listing_imports (
    listing_id   BINARY(16)   NOT NULL,
    dataset      VARCHAR(100) NOT NULL,
    seen_in      BINARY(32)   NOT NULL COMMENT 'fingerprint of the last import that had the listing',
    fingerprints TEXT         NOT NULL COMMENT 'JSON: a fingerprint of each field as the dataset had it last',
    calendar     MEDIUMTEXT   NULL COMMENT 'JSON: what the last calendars said of each night; NULL: nothing yet',
    tracked      BOOLEAN      NOT NULL DEFAULT TRUE COMMENT 'FALSE: an older version imported it and kept no record of what it wrote',
    unlisted_at  DATETIME(6)  NULL COMMENT 'when an import unlisted it because it had vanished',
    PRIMARY KEY (listing_id),
    KEY listing_imports_dataset (dataset, seen_in),
    CONSTRAINT listing_imports_listing FOREIGN KEY (listing_id) REFERENCES listings (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

INSERT IGNORE INTO listing_imports (listing_id, dataset, seen_in, fingerprints, tracked)
    SELECT id, '', UNHEX(REPEAT('00', 32)), '{}', FALSE FROM listings WHERE source IS NOT NULL;
