-- Roles of staff. A row is one grant; it is in force until it expires or is ended, and it stays as a record.
CREATE TABLE IF NOT EXISTS role_grants (
    id         BINARY(16)   NOT NULL COMMENT 'UUIDv7',
    user_id    BINARY(16)   NOT NULL,
    role       VARCHAR(8)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason     VARCHAR(500) NOT NULL,
    granted_by BINARY(16)   NULL COMMENT 'NULL: the command line',
    granted_at DATETIME(6)  NOT NULL,
    expires_at DATETIME(6)  NULL COMMENT 'NULL: never; honored when read',
    ended_at   DATETIME(6)  NULL,
    ended_by   BINARY(16)   NULL,
    PRIMARY KEY (id),
    KEY role_grants_user (user_id, ended_at),
    KEY role_grants_role (role, ended_at),
    KEY role_grants_granted (granted_at, id),
    CONSTRAINT role_grants_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT role_grants_granted_by FOREIGN KEY (granted_by) REFERENCES users (id),
    CONSTRAINT role_grants_ended_by FOREIGN KEY (ended_by) REFERENCES users (id),
    CONSTRAINT role_grants_role CHECK (role IN ('SUPPORT', 'FINANCE', 'ADMIN')),
    CONSTRAINT role_grants_end CHECK (ended_by IS NULL OR ended_at IS NOT NULL)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
