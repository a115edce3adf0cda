ALTER TABLE users DROP CONSTRAINT users_sign_in;
-- The hash of a password that nobody knows. The owner can reset it.
UPDATE users
SET password_hash = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
WHERE email IS NOT NULL AND password_hash IS NULL;
ALTER TABLE users ADD CONSTRAINT users_sign_in
    CHECK ((email IS NULL AND unverified_email IS NULL) = (password_hash IS NULL));
