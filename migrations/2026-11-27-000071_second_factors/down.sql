DROP TABLE IF EXISTS sign_in_challenges;
DROP TABLE IF EXISTS recovery_codes;
DROP TABLE IF EXISTS second_factors;
