-- The state of a payment says what is awaited, and the outbox what is to be done.
ALTER TABLE payments DROP KEY payments_open, DROP KEY payments_asked, DROP COLUMN asked_at;
ALTER TABLE refunds DROP KEY refunds_open;
