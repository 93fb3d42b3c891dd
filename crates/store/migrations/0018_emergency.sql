-- Calls for help, as those who can help were told of them, and who has seen that on the portal.
CREATE TABLE emergency_call (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    user_id UUID NOT NULL,
    called_at BIGINT NOT NULL,
    told TEXT NOT NULL,
    seen_at BIGINT,
    seen_by TEXT
);
CREATE INDEX emergency_call_by_time ON emergency_call (account_id, called_at, id);
CREATE INDEX emergency_call_unseen ON emergency_call (account_id) WHERE seen_at IS NULL;

-- Each user's last 933: what was read back.
CREATE TABLE emergency_test (
    user_id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    told TEXT NOT NULL,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);
