DROP TABLE IF EXISTS refunds, payments;
