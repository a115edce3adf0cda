-- Effects on the outside world, written in the transaction that decides them. Servers lease what is due, so that one of them at a time works on it.
CREATE TABLE IF NOT EXISTS outbox (
    object_id    BINARY(16)   NOT NULL COMMENT 'the payment or refund',
    kind         VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    generation   INT UNSIGNED NOT NULL COMMENT 'counts effects of this kind on this object; part of the idempotency key that the provider gets',
    group_id     BINARY(16)   NOT NULL COMMENT 'the booking',
    payload      TEXT         NOT NULL COMMENT 'JSON: what the provider is asked, as it was decided',
    state        VARCHAR(8)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    attempts     INT UNSIGNED NOT NULL COMMENT 'of this generation',
    due_at       DATETIME(6)  NOT NULL COMMENT 'the next attempt; while leased: the end of the lease',
    leased_until DATETIME(6)  NULL,
    error        VARCHAR(500) NULL COMMENT 'of the last attempt',
    created_at   DATETIME(6)  NOT NULL,
    updated_at   DATETIME(6)  NOT NULL,
    PRIMARY KEY (object_id, kind),
    KEY outbox_due (state, kind, due_at),
    KEY outbox_group (group_id, state),
    KEY outbox_updated (state, updated_at),
    CONSTRAINT outbox_kind CHECK (kind IN ('AUTHORIZE_PAYMENT', 'CONFIRM_PAYMENT', 'CAPTURE_PAYMENT', 'VOID_PAYMENT', 'SEND_REFUND')),
    CONSTRAINT outbox_state CHECK (state IN ('PENDING', 'DONE', 'REFUSED', 'DEAD'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- What payment providers said, each statement once.
CREATE TABLE IF NOT EXISTS inbox (
    provider    VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    event_id    VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the provider''s own',
    payment_id  BINARY(16)   NOT NULL COMMENT 'no foreign key: a provider may speak of a payment that is not here',
    payload     TEXT         NOT NULL COMMENT 'JSON: what it said',
    outcome     VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'NULL: not applied yet',
    attempts    INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'to apply it that failed',
    due_at      DATETIME(6)  NOT NULL COMMENT 'the next attempt to apply it',
    received_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (provider, event_id),
    KEY inbox_open (outcome, due_at),
    KEY inbox_received (received_at),
    CONSTRAINT inbox_outcome CHECK (outcome IN ('APPLIED', 'KNOWN', 'LATE', 'CONTRADICTION', 'UNKNOWN_PAYMENT'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- What a person must look at: a program cannot decide it.
CREATE TABLE IF NOT EXISTS payment_cases (
    id         BINARY(16)   NOT NULL COMMENT 'UUIDv7',
    kind       VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    payment_id BINARY(16)   NOT NULL COMMENT 'no foreign key: it may not be here',
    booking_id BINARY(16)   NULL,
    detail     VARCHAR(500) NOT NULL,
    opened_at  DATETIME(6)  NOT NULL,
    closed_at  DATETIME(6)  NULL,
    PRIMARY KEY (id),
    KEY payment_cases_open (closed_at, opened_at),
    KEY payment_cases_payment (payment_id),
    CONSTRAINT payment_cases_kind CHECK (kind IN ('CONTRADICTION', 'WRONG_AMOUNT', 'UNKNOWN_PAYMENT', 'EFFECT_FAILED'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

ALTER TABLE payments DROP CONSTRAINT payments_status;
UPDATE payments SET status = 'AUTHORIZING' WHERE status = 'PROCESSING' OR (status = 'REQUIRES_CONFIRMATION' AND asked_at IS NOT NULL);
UPDATE payments SET status = 'CAPTURING' WHERE status = 'AUTHORIZED' AND asked_at IS NOT NULL;
UPDATE payments JOIN bookings ON bookings.id = payments.booking_id SET payments.status = 'VOIDING'
WHERE payments.status IN ('AUTHORIZED', 'REQUIRES_CONFIRMATION') AND bookings.status NOT IN ('PENDING_PAYMENT', 'REQUESTED');

-- What was on its way goes on. A payment that has a reference was answered before, so the guest's confirmation is what was asked for.
INSERT IGNORE INTO outbox (object_id, kind, generation, group_id, payload, state, attempts, due_at, created_at, updated_at)
SELECT p.id,
       CASE WHEN p.status = 'CAPTURING' THEN 'CAPTURE_PAYMENT' WHEN p.status = 'VOIDING' THEN 'VOID_PAYMENT'
            WHEN p.provider_ref IS NULL THEN 'AUTHORIZE_PAYMENT' ELSE 'CONFIRM_PAYMENT' END,
       1, p.booking_id,
       IF(p.status <> 'AUTHORIZING', '{}', IF(q.instant_book, '{"capture":"AUTOMATIC"}', '{"capture":"MANUAL"}')),
       'PENDING', 0, p.updated_at, p.updated_at, p.updated_at
FROM payments p JOIN bookings b ON b.id = p.booking_id JOIN quotes q ON q.id = b.quote_id
WHERE p.status IN ('AUTHORIZING', 'CAPTURING', 'VOIDING');
INSERT IGNORE INTO outbox (object_id, kind, generation, group_id, payload, state, attempts, due_at, created_at, updated_at)
SELECT r.id, 'SEND_REFUND', 1, r.booking_id, '{}', 'PENDING', 0, r.updated_at, r.updated_at, r.updated_at
FROM refunds r WHERE r.status = 'PENDING';

ALTER TABLE payments
    ADD CONSTRAINT payments_status CHECK (status IN
        ('AUTHORIZING', 'REQUIRES_CONFIRMATION', 'AUTHORIZED', 'CAPTURING', 'CAPTURED', 'VOIDING', 'VOIDED', 'DECLINED'));
ALTER TABLE refunds DROP CONSTRAINT refunds_status;
ALTER TABLE refunds ADD CONSTRAINT refunds_status CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED'));
