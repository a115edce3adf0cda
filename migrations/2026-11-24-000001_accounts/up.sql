-- Accounts, and the sessions that prove who asks. Every statement may run again after a crash.
CREATE TABLE IF NOT EXISTS users (
    id            BINARY(16)      NOT NULL COMMENT 'UUIDv7',
    email         VARCHAR(254)    CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'lower case; NULL: nobody can sign in',
    password_hash VARCHAR(255)    CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'argon2id, PHC string',
    display_name  VARCHAR(100)    NOT NULL,
    about         TEXT            NULL,
    location      VARCHAR(200)    NULL,
    avatar_url    VARCHAR(2048)   NULL,
    member_since  DATE            NOT NULL,
    is_superhost  BOOLEAN         NOT NULL DEFAULT FALSE,
    source        VARCHAR(32)     CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'dataset the row was imported from',
    source_id     BIGINT UNSIGNED NULL COMMENT 'its id there',
    created_at    DATETIME(6)     NOT NULL,
    updated_at    DATETIME(6)     NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY users_email (email),
    UNIQUE KEY users_source (source, source_id),
    CONSTRAINT users_sign_in CHECK ((email IS NULL) = (password_hash IS NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS sessions (
    id         BINARY(16)  NOT NULL COMMENT 'UUIDv7',
    user_id    BINARY(16)  NOT NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    revoked_at DATETIME(6) NULL,
    PRIMARY KEY (id),
    KEY sessions_user (user_id, created_at),
    CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS refresh_tokens (
    token_hash BINARY(32)  NOT NULL COMMENT 'SHA-256 of the token; the token itself is never stored',
    session_id BINARY(16)  NOT NULL,
    issued_at  DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    used_at    DATETIME(6) NULL COMMENT 'a token works once',
    PRIMARY KEY (token_hash),
    KEY refresh_tokens_session (session_id),
    CONSTRAINT refresh_tokens_session FOREIGN KEY (session_id) REFERENCES sessions (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS attempts (
    bucket        BINARY(32)   NOT NULL COMMENT 'SHA-256 of what is throttled: an account or an address',
    tries         INT UNSIGNED NOT NULL,
    window_ends_at DATETIME(6) NOT NULL,
    PRIMARY KEY (bucket),
    KEY attempts_window (window_ends_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
