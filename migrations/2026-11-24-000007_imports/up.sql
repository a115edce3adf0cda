-- How far the import of a file has come: written with the rows of each batch, so that a crash costs one batch at the most.
CREATE TABLE IF NOT EXISTS imports (
    dataset     VARCHAR(100)    NOT NULL,
    file        VARCHAR(16)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'listings, reviews or calendar',
    fingerprint BINARY(32)      NOT NULL COMMENT 'of the file and the options',
    records     BIGINT UNSIGNED NOT NULL COMMENT 'records done',
    finished    BOOLEAN         NOT NULL,
    updated_at  DATETIME(6)     NOT NULL,
    PRIMARY KEY (dataset, file)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
