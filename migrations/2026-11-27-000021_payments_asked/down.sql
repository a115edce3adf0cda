ALTER TABLE refunds ADD KEY refunds_open (status, updated_at);
ALTER TABLE payments
    ADD COLUMN asked_at DATETIME(6) NULL COMMENT 'since when an answer of the provider is awaited; the status tells to what' AFTER action_url,
    ADD KEY payments_open (status, updated_at),
    ADD KEY payments_asked (asked_at);
