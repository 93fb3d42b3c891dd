-- Lists of users who lack one lamp.
CREATE INDEX account_user_no_number ON account_user (account_id, sort_key, id) WHERE number IS NULL;
CREATE INDEX account_user_no_e911 ON account_user (account_id, sort_key, id) WHERE NOT e911_confirmed;
CREATE INDEX account_user_no_device ON account_user (account_id, sort_key, id)
    WHERE voice_license_id IS NOT NULL AND NOT device;
CREATE INDEX account_user_no_registration ON account_user (account_id, sort_key, id)
    WHERE voice_license_id IS NOT NULL AND device AND registered_until IS NULL;

-- SHA-256 of the API's request, where it may be sent again.
ALTER TABLE journal ADD COLUMN request TEXT;
