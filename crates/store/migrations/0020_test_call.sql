-- What test calls found: the newest few of each user, with what was said.
CREATE TABLE test_call (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    user_id UUID NOT NULL,
    at BIGINT NOT NULL,
    result TEXT NOT NULL,
    audio TEXT,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);
CREATE INDEX test_call_by_user ON test_call (user_id, at, id);
CREATE INDEX test_call_by_audio ON test_call (audio) WHERE audio IS NOT NULL;
