DELETE FROM outbox WHERE kind = 'SEND_MAIL';
ALTER TABLE outbox DROP CONSTRAINT outbox_kind;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind CHECK
    (kind IN ('AUTHORIZE_PAYMENT', 'CONFIRM_PAYMENT', 'CAPTURE_PAYMENT', 'VOID_PAYMENT', 'SEND_REFUND'));
DROP TABLE IF EXISTS one_time_codes;
ALTER TABLE users DROP CONSTRAINT users_sign_in;
-- Nobody can sign in to an account without a verified email.
UPDATE users SET password_hash = NULL WHERE email IS NULL;
ALTER TABLE users DROP COLUMN unverified_email, DROP COLUMN locale, DROP COLUMN mail_refused_at;
ALTER TABLE users ADD CONSTRAINT users_sign_in CHECK ((email IS NULL) = (password_hash IS NULL));
