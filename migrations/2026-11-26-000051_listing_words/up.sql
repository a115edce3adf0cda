-- The words of the names of a listing, in the form in which they are looked up (`types::search_words`). The program writes them with the
-- listing, and makes the missing ones when it starts.
CREATE TABLE IF NOT EXISTS listing_words (
    word       VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    listing_id BINARY(16)  NOT NULL,
    PRIMARY KEY (word, listing_id),
    KEY listing_words_listing (listing_id, word),
    CONSTRAINT listing_words_listing FOREIGN KEY (listing_id) REFERENCES listings (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
