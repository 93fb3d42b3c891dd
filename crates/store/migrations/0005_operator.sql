-- Operators have API tokens too.
CREATE TABLE api_token_of_either (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID REFERENCES account (id),
    user_id UUID,
    operator_id UUID REFERENCES operator (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    CHECK ((user_id IS NULL) <> (operator_id IS NULL)),
    CHECK ((user_id IS NULL) = (account_id IS NULL)),
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);
INSERT INTO api_token_of_either (id, account_id, user_id, name, prefix, hash, created_at, last_used_at)
    SELECT id, account_id, user_id, name, prefix, hash, created_at, last_used_at FROM api_token;
DROP TABLE api_token;
ALTER TABLE api_token_of_either RENAME TO api_token;
CREATE INDEX api_token_by_user ON api_token (account_id, user_id);
CREATE INDEX api_token_by_operator ON api_token (operator_id);

-- What operators did: to accounts (it stands in their journals too), the catalogue and their own tokens. Steps are in words.
CREATE TABLE operator_journal (
    id UUID NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    summary TEXT NOT NULL,
    search_key TEXT NOT NULL,
    account_id UUID REFERENCES account (id),
    request TEXT,
    steps TEXT NOT NULL
);
CREATE INDEX operator_journal_by_time ON operator_journal (at, id);
CREATE INDEX operator_journal_by_account ON operator_journal (account_id, at, id);
