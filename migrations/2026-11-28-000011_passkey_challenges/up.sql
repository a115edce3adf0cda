-- What authenticators are asked to sign. A row is deleted by the response that uses it up, whatever comes of it.
CREATE TABLE IF NOT EXISTS passkey_challenges (
    challenge_hash BINARY(32)  NOT NULL COMMENT 'SHA-256 of the challenge',
    purpose        VARCHAR(8)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id        BINARY(16)  NULL COMMENT 'who may use it; of a sign-in nobody knows yet who it is',
    expires_at     DATETIME(6) NOT NULL,
    PRIMARY KEY (challenge_hash),
    KEY passkey_challenges_user (user_id, purpose),
    KEY passkey_challenges_expires_at (expires_at),
    CONSTRAINT passkey_challenges_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT passkey_challenges_purpose CHECK (purpose IN ('REGISTER', 'SIGN_IN', 'CONFIRM')),
    CONSTRAINT passkey_challenges_owner CHECK ((purpose = 'SIGN_IN') = (user_id IS NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
