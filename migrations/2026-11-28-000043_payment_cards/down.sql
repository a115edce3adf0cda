DROP TABLE IF EXISTS payment_cards;
