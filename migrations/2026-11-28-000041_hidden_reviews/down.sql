-- Older servers know no hidden reviews: their workers reveal them.
ALTER TABLE reviews DROP CONSTRAINT reviews_hidden, DROP COLUMN hidden_at;
