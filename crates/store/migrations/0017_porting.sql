-- Numbers that port in: when they are expected, and who gets them then.
ALTER TABLE phone_number ADD COLUMN ports_on BIGINT;
ALTER TABLE phone_number ADD COLUMN promised_to UUID REFERENCES account_user (id) ON DELETE SET NULL;
CREATE INDEX phone_number_promised ON phone_number (promised_to) WHERE promised_to IS NOT NULL;
