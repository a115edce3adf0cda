ALTER TABLE refunds DROP CONSTRAINT refunds_status;
-- Servers that do not know of failed refunds send them again.
UPDATE refunds SET status = 'PENDING' WHERE status = 'FAILED';
ALTER TABLE refunds ADD CONSTRAINT refunds_status CHECK (status IN ('PENDING', 'SUCCEEDED'));

ALTER TABLE payments DROP CONSTRAINT payments_status;
UPDATE payments SET asked_at = updated_at WHERE status IN ('AUTHORIZING', 'CAPTURING');
UPDATE payments SET status = 'REQUIRES_CONFIRMATION' WHERE status = 'AUTHORIZING' AND provider_ref IS NOT NULL;
UPDATE payments SET status = 'PROCESSING' WHERE status = 'AUTHORIZING';
UPDATE payments SET status = 'AUTHORIZED' WHERE status IN ('CAPTURING', 'VOIDING');
ALTER TABLE payments
    ADD CONSTRAINT payments_status CHECK (status IN ('PROCESSING', 'REQUIRES_CONFIRMATION', 'AUTHORIZED', 'CAPTURED', 'DECLINED', 'VOIDED'));

DROP TABLE IF EXISTS payment_cases;
DROP TABLE IF EXISTS inbox;
DROP TABLE IF EXISTS outbox;
