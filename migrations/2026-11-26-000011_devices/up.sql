-- Devices that have signed in, and what a refresh token needs so that a lost answer can be repeated.
CREATE TABLE IF NOT EXISTS devices (
    token_hash BINARY(32)  NOT NULL COMMENT 'SHA-256 of the token; the token itself is never stored',
    user_id    BINARY(16)  NOT NULL,
    created_at DATETIME(6) NOT NULL,
    used_at    DATETIME(6) NOT NULL COMMENT 'the last sign-in',
    expires_at DATETIME(6) NOT NULL,
    PRIMARY KEY (token_hash),
    KEY devices_user (user_id, used_at),
    KEY devices_expires_at (expires_at),
    CONSTRAINT devices_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

ALTER TABLE sessions ADD COLUMN device_hash BINARY(32) NULL COMMENT 'the device that signed in';

ALTER TABLE refresh_tokens
    ADD COLUMN child_hash BINARY(32) NULL COMMENT 'the token that it was traded for',
    ADD COLUMN used_from  BINARY(16) NULL COMMENT 'the address prefix that used it';
