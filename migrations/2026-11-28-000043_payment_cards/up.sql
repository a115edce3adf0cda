-- What the payment provider says of the card of a payment: never the whole number, which does not come here.
CREATE TABLE IF NOT EXISTS payment_cards (
    payment_id BINARY(16)  NOT NULL,
    brand      VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    last_four  CHAR(4)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (payment_id),
    KEY payment_cards_digits (last_four, payment_id),
    CONSTRAINT payment_cards_payment FOREIGN KEY (payment_id) REFERENCES payments (id),
    CONSTRAINT payment_cards_four CHECK (last_four REGEXP '^[0-9]{4}$')
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
