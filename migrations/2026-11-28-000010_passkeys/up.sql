-- Keys with which accounts are signed in to. The private key never leaves the authenticator.
CREATE TABLE IF NOT EXISTS passkeys (
    id                 BINARY(16)      NOT NULL COMMENT 'UUIDv7',
    user_id            BINARY(16)      NOT NULL,
    credential_hash    BINARY(32)      NOT NULL COMMENT 'SHA-256 of credential_id, which is too long for a key',
    credential_id      VARBINARY(1023) NOT NULL COMMENT 'the id that its authenticator gave it',
    public_key         VARBINARY(1024) NOT NULL COMMENT 'a COSE key (RFC 9052)',
    sign_count         INT UNSIGNED    NOT NULL COMMENT 'how often it had signed when it was last used; 0: its authenticator does not count',
    is_backup_eligible BOOLEAN         NOT NULL COMMENT 'whether it may be copied to other devices; it never changes',
    transports         VARCHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'how browsers reach its authenticator, separated by commas',
    name               VARCHAR(60)     NOT NULL,
    created_at         DATETIME(6)     NOT NULL,
    last_used_at       DATETIME(6)     NULL,
    PRIMARY KEY (id),
    UNIQUE KEY passkeys_credential (credential_hash),
    KEY passkeys_user (user_id, created_at, id),
    CONSTRAINT passkeys_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
