-- Reviews that staff hide. Why, and by whom, is in the audit log. A hidden review is not `revealed`, so that every statement that asks for
-- public reviews, and every count of ratings, leaves it out.
ALTER TABLE reviews
    ADD COLUMN hidden_at DATETIME(6) NULL COMMENT 'since when staff hide it',
    ADD CONSTRAINT reviews_hidden CHECK (hidden_at IS NULL OR NOT revealed);
