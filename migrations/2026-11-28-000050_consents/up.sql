-- What people have agreed to. A row is one decision, and rows are only added: the last one for a document says what is in force.
CREATE TABLE IF NOT EXISTS consents (
    id          BINARY(16)  NOT NULL COMMENT 'UUIDv7',
    user_id     BINARY(16)  NOT NULL,
    document    VARCHAR(9)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version     VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of the document, as configured; NULL: none was configured',
    given       TINYINT(1)  NOT NULL COMMENT '0: withdrawn',
    recorded_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY consents_user (user_id, recorded_at, id),
    CONSTRAINT consents_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT consents_document CHECK (document IN ('TERMS', 'PRIVACY', 'MARKETING'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
