-- What staff did and looked at. An entry is its content, a JSON text that has the hash of the previous entry; `hash` is the SHA-256 of it.
-- The other columns repeat parts of the content, to search by. The database refuses another content (the check), another hash, and the
-- deletion of an entry (the next entry, or the head, refers to it), all without triggers, which need a privilege that few servers grant.
CREATE TABLE IF NOT EXISTS audit_entries (
    sequence          BIGINT UNSIGNED NOT NULL COMMENT 'from 1 without gaps; allocated under the lock of the head',
    hash              BINARY(32)      NOT NULL COMMENT 'SHA-256 of content',
    previous_sequence BIGINT UNSIGNED NULL,
    previous_hash     BINARY(32)      NULL,
    happened_at       DATETIME(6)     NOT NULL,
    actor_id          BINARY(16)      NULL COMMENT 'no foreign key: entries outlive accounts; NULL: the command line',
    action            VARCHAR(20)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    subject_id        BINARY(16)      NOT NULL COMMENT 'no foreign key: an account, a listing, a booking',
    content           MEDIUMTEXT      CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON, exactly as it was hashed',
    PRIMARY KEY (sequence),
    UNIQUE KEY audit_entries_hash (sequence, hash),
    KEY audit_entries_previous (previous_sequence, previous_hash),
    KEY audit_entries_actor (actor_id, sequence),
    KEY audit_entries_action (action, sequence),
    KEY audit_entries_subject (subject_id, sequence),
    CONSTRAINT audit_entries_previous FOREIGN KEY (previous_sequence, previous_hash) REFERENCES audit_entries (sequence, hash),
    CONSTRAINT audit_entries_content CHECK (hash = UNHEX(SHA2(content, 256))),
    CONSTRAINT audit_entries_chain CHECK ((previous_sequence IS NULL) = (sequence = 1) AND (previous_hash IS NULL) = (sequence = 1))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- The last entry: one row, locked by whoever appends.
CREATE TABLE IF NOT EXISTS audit_head (
    id       TINYINT UNSIGNED NOT NULL,
    sequence BIGINT UNSIGNED  NULL COMMENT 'NULL: there is no entry yet',
    hash     BINARY(32)       NULL,
    PRIMARY KEY (id),
    KEY audit_head_entry (sequence, hash),
    CONSTRAINT audit_head_entry FOREIGN KEY (sequence, hash) REFERENCES audit_entries (sequence, hash),
    CONSTRAINT audit_head_one CHECK (id = 1)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

INSERT IGNORE INTO audit_head (id, sequence, hash) VALUES (1, NULL, NULL);
