ALTER TABLE users DROP CONSTRAINT users_languages;
ALTER TABLE users DROP KEY users_unverified_email, DROP COLUMN languages, DROP COLUMN deleted_at;
