-- Reasons in law to keep the data of a person. In force until it expires or is ended; deleted with the data.
CREATE TABLE IF NOT EXISTS legal_holds (
    id         BINARY(16)   NOT NULL COMMENT 'UUIDv7',
    user_id    BINARY(16)   NOT NULL,
    reason     VARCHAR(500) NOT NULL,
    placed_by  BINARY(16)   NOT NULL,
    placed_at  DATETIME(6)  NOT NULL,
    expires_at DATETIME(6)  NOT NULL COMMENT 'honored when read',
    ended_at   DATETIME(6)  NULL,
    ended_by   BINARY(16)   NULL,
    PRIMARY KEY (id),
    KEY legal_holds_user (user_id, ended_at, expires_at),
    KEY legal_holds_placed (placed_at, id),
    CONSTRAINT legal_holds_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT legal_holds_placed_by FOREIGN KEY (placed_by) REFERENCES users (id),
    CONSTRAINT legal_holds_ended_by FOREIGN KEY (ended_by) REFERENCES users (id),
    CONSTRAINT legal_holds_end CHECK ((ended_by IS NULL) = (ended_at IS NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
