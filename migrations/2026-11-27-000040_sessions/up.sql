-- What owners see of their sessions, and what servers need to notice which ones have ended. The expiry of a session follows its newest token
-- from now on. Servers of before write neither: what they refresh looks unused, and what they end is noticed when its access token expires.
ALTER TABLE sessions
    ADD COLUMN user_agent      VARCHAR(200) NULL COMMENT 'what the client said of itself at the sign-in, cleaned',
    ADD COLUMN network         VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of the sign-in: 24 bits of IPv4, 48 bits of IPv6',
    ADD COLUMN last_used_at    DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'the sign-in, or the last refresh',
    ADD COLUMN end_recorded_at DATETIME(6)  NULL COMMENT 'clock of the database, UTC, when revoked_at was written: other servers look for what is new';

UPDATE sessions
    JOIN (SELECT session_id, MAX(issued_at) AS used_at, MAX(expires_at) AS expires_at FROM refresh_tokens GROUP BY session_id) newest
        ON newest.session_id = sessions.id
SET sessions.last_used_at = newest.used_at, sessions.expires_at = newest.expires_at
WHERE sessions.last_used_at <> newest.used_at OR sessions.expires_at <> newest.expires_at;

UPDATE sessions SET end_recorded_at = revoked_at WHERE revoked_at IS NOT NULL AND end_recorded_at IS NULL;

ALTER TABLE sessions
    ADD KEY sessions_live (user_id, revoked_at, last_used_at, id),
    ADD KEY sessions_ended (end_recorded_at);

-- The new key begins with the same column.
ALTER TABLE sessions DROP KEY sessions_user;
