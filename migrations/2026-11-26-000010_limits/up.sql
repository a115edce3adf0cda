-- Attempts that are limited. It takes the place of `attempts`, which older servers still use while a release rolls out.
CREATE TABLE IF NOT EXISTS limits (
    bucket     BINARY(32) NOT NULL COMMENT 'SHA-256 of the rule and of what it counts: an account, an address, a device',
    used_until BIGINT     NOT NULL COMMENT 'microseconds since 1970: each attempt moves it on by one step; when it has passed, all attempts have come back',
    PRIMARY KEY (bucket),
    KEY limits_used_until (used_until)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
