-- The second step of signing in: codes of an authenticator app.
CREATE TABLE IF NOT EXISTS second_factors (
    user_id       BINARY(16)      NOT NULL,
    key_id        VARCHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the signing key from which the key of the secret is derived',
    sealed_secret VARBINARY(64)   NOT NULL COMMENT 'the secret of the app, encrypted',
    last_step     BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'time step of the last code that was used: a code works once',
    created_at    DATETIME(6)     NOT NULL,
    enabled_at    DATETIME(6)     NULL COMMENT 'when the first code was typed; before that it protects nothing',
    PRIMARY KEY (user_id),
    KEY second_factors_key (key_id),
    KEY second_factors_begun (enabled_at, created_at),
    CONSTRAINT second_factors_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Each replaces a code of the app, once.
CREATE TABLE IF NOT EXISTS recovery_codes (
    user_id   BINARY(16)  NOT NULL,
    code_hash BINARY(32)  NOT NULL COMMENT 'SHA-256 of account and code',
    used_at   DATETIME(6) NULL,
    PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Sign-ins whose password was right, and whose second step is missing. A row is deleted by the sign-in that it becomes.
CREATE TABLE IF NOT EXISTS sign_in_challenges (
    token_hash     BINARY(32)  NOT NULL COMMENT 'SHA-256 of the token',
    user_id        BINARY(16)  NOT NULL,
    password_epoch BINARY(32)  NOT NULL COMMENT 'SHA-256 of the password hash that was checked: another password ends the challenge',
    expires_at     DATETIME(6) NOT NULL,
    PRIMARY KEY (token_hash),
    KEY sign_in_challenges_user (user_id),
    KEY sign_in_challenges_expires_at (expires_at),
    CONSTRAINT sign_in_challenges_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
