DROP TABLE IF EXISTS legal_holds;
