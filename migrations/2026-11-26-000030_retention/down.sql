ALTER TABLE quotes DROP KEY quotes_expires_at;
ALTER TABLE refresh_tokens DROP KEY refresh_tokens_expires_at;
ALTER TABLE feed_entries
    MODIFY appended_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'clock of the database: other servers look for what is new';
