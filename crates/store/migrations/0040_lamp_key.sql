-- The colleagues on phones' lamp keys, to be found from there: their identifiers as the keys of `device` say them.
CREATE TABLE lamp_key (
    account_id UUID NOT NULL,
    colleague TEXT COLLATE "C" NOT NULL,
    device_id UUID NOT NULL,
    PRIMARY KEY (account_id, colleague, device_id),
    FOREIGN KEY (account_id, device_id) REFERENCES device (account_id, id) ON DELETE CASCADE
) /* WITHOUT ROWID */;
CREATE INDEX lamp_key_by_device ON lamp_key (account_id, device_id);
INSERT INTO lamp_key (account_id, colleague, device_id)
    WITH RECURSIVE place (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM place WHERE number < 27)
    SELECT DISTINCT d.account_id, d.lamp_keys::jsonb ->> p.number, d.id
    FROM device d CROSS JOIN place p
    WHERE d.lamp_keys IS NOT NULL AND d.lamp_keys::jsonb ->> p.number IS NOT NULL;
