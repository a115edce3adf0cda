-- The key of a person, encrypted with one that is derived from a signing key. It encrypts texts about the person in rows that outlive the
-- account. Whoever deletes the key has erased them everywhere.
CREATE TABLE IF NOT EXISTS person_keys (
    user_id    BINARY(16)    NOT NULL,
    key_id     VARCHAR(64)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the signing key from which the encrypting key is derived',
    sealed_key VARBINARY(64) NOT NULL,
    created_at DATETIME(6)   NOT NULL,
    PRIMARY KEY (user_id),
    KEY person_keys_key (key_id),
    CONSTRAINT person_keys_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
