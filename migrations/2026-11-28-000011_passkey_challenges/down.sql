DROP TABLE IF EXISTS passkey_challenges;
