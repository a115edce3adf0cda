-- Sign-in with identity providers: who somebody is there, and their account here. Neither the issuer's name of the person nor their email
-- there is stored.
CREATE TABLE IF NOT EXISTS provider_links (
    identity  BINARY(32)  NOT NULL COMMENT 'SHA-256 of issuer and subject',
    user_id   BINARY(16)  NOT NULL,
    provider  VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its key in the settings',
    linked_at DATETIME(6) NOT NULL,
    PRIMARY KEY (identity),
    UNIQUE KEY provider_links_user (user_id, provider),
    CONSTRAINT provider_links_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Sign-ins and links that were begun. State, nonce and verifier are derived from the handle, which only the page has.
CREATE TABLE IF NOT EXISTS provider_attempts (
    handle_hash  BINARY(32)   NOT NULL COMMENT 'SHA-256 of the handle',
    provider     VARCHAR(40)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its key in the settings',
    redirect_uri VARCHAR(500) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id      BINARY(16)   NULL COMMENT 'the member who links an account of the provider; NULL: a sign-in',
    created_at   DATETIME(6)  NOT NULL,
    expires_at   DATETIME(6)  NOT NULL,
    claimed_at   DATETIME(6)  NULL COMMENT 'since when it is being completed: a handle works once',
    PRIMARY KEY (handle_hash),
    KEY provider_attempts_user (user_id),
    KEY provider_attempts_expires_at (expires_at),
    CONSTRAINT provider_attempts_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
