-- Permissions to read all data of a person, for a short time and in one session. The data are read from the other tables: there is no copy.
CREATE TABLE IF NOT EXISTS data_exports (
    id         BINARY(16)  NOT NULL COMMENT 'UUIDv7',
    user_id    BINARY(16)  NOT NULL,
    session_id BINARY(16)  NOT NULL COMMENT 'no foreign key: sessions are deleted earlier',
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY data_exports_user (user_id, created_at, id),
    KEY data_exports_expires_at (expires_at),
    CONSTRAINT data_exports_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
