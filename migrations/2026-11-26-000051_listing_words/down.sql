DROP TABLE IF EXISTS listing_words;
