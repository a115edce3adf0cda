-- What people say of themselves, and accounts that their owners have deleted.
ALTER TABLE users
    ADD COLUMN languages  VARCHAR(400) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '[]' COMMENT 'JSON: BCP 47 tags',
    ADD COLUMN deleted_at DATETIME(6) NULL COMMENT 'when the owner deleted the account; nothing of the person is left in the row',
    ADD KEY users_unverified_email (unverified_email);
ALTER TABLE users ADD CONSTRAINT users_languages CHECK (JSON_VALID(languages));
