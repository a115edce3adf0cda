DROP TABLE IF EXISTS attempts, refresh_tokens, sessions, users;
