-- An account with a verified email may have no password: its owner signs in with an identity provider, or sets a password by a reset.
ALTER TABLE users DROP CONSTRAINT users_sign_in;
ALTER TABLE users ADD CONSTRAINT users_sign_in
    CHECK (email IS NOT NULL OR (unverified_email IS NULL) = (password_hash IS NULL));
