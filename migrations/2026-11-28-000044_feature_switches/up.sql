-- Features that an admin has switched; a feature without a row is on. Why, and by whom, is in the audit log. The names are those of an enum
-- in the code, so there is no check: an older server skips names that it does not know.
CREATE TABLE IF NOT EXISTS feature_switches (
    feature    VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    is_on      BOOLEAN     NOT NULL,
    changed_at DATETIME(6) NOT NULL,
    PRIMARY KEY (feature)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
