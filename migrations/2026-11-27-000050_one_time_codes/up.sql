-- An email counts as the account's own once its owner has shown that they receive mail there. Until then it is `unverified_email`, which any
-- number of accounts may have, so that registering does not reveal who has an account. Accounts from before are verified.
ALTER TABLE users
    ADD COLUMN unverified_email VARCHAR(254) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'lower case; of a new account, or the one that is to replace `email`',
    ADD COLUMN locale VARCHAR(35) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'BCP 47; the language of mails',
    ADD COLUMN mail_refused_at DATETIME(6) NULL COMMENT 'when a mail server last refused a mail to this person';
ALTER TABLE users DROP CONSTRAINT users_sign_in;
ALTER TABLE users ADD CONSTRAINT users_sign_in
    CHECK ((email IS NULL AND unverified_email IS NULL) = (password_hash IS NULL));

-- Codes that were mailed. The code itself is derived from the id with a signing key, so that nobody who reads the table learns it.
CREATE TABLE IF NOT EXISTS one_time_codes (
    id         BINARY(16)       NOT NULL COMMENT 'UUIDv7',
    user_id    BINARY(16)       NOT NULL,
    purpose    VARCHAR(14)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    email      VARCHAR(254)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'where it was sent',
    attempts   TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'wrong codes that were typed',
    created_at DATETIME(6)      NOT NULL,
    expires_at DATETIME(6)      NOT NULL,
    used_at    DATETIME(6)      NULL COMMENT 'a code works once',
    PRIMARY KEY (id),
    UNIQUE KEY one_time_codes_user (user_id, purpose),
    KEY one_time_codes_expires_at (expires_at),
    CONSTRAINT one_time_codes_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT one_time_codes_purpose CHECK (purpose IN ('VERIFY_EMAIL', 'RESET_PASSWORD', 'NEW_EMAIL', 'OLD_EMAIL'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Mails are effects too.
ALTER TABLE outbox DROP CONSTRAINT outbox_kind;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind CHECK
    (kind IN ('AUTHORIZE_PAYMENT', 'CONFIRM_PAYMENT', 'CAPTURE_PAYMENT', 'VOID_PAYMENT', 'SEND_REFUND', 'SEND_MAIL'));
