-- The time at which an entry was appended does not end in 2038, and what the worker deletes by age is found by an index. The first statement
-- copies the table.
ALTER TABLE feed_entries
    MODIFY appended_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'clock of the database, UTC: other servers look for what is new';
ALTER TABLE refresh_tokens ADD KEY refresh_tokens_expires_at (expires_at);
ALTER TABLE quotes ADD KEY quotes_expires_at (expires_at);
