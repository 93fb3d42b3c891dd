-- Lists of users as people saved them: filter, sort and columns under a name, one's own or shared with the account; and the
-- columns that each person chose.
CREATE TABLE user_view (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    shared BOOLEAN NOT NULL,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (user_id, name_key),
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);
CREATE INDEX user_view_shared ON user_view (account_id, name_key, id) WHERE shared;

CREATE TABLE user_columns (
    user_id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    columns TEXT NOT NULL,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);
