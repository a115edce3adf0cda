-- Changes of an account that a thief of a session must not make need a recent proof of who the member is. Sessions of before, and those that older
-- servers open, have none.
ALTER TABLE sessions
    ADD COLUMN authenticated_at DATETIME(6) NULL COMMENT 'when its owner last proved who they are, not by refreshing; NULL: not known';
