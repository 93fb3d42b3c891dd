-- Archives of greetings that were uploaded, and what became of each file in them. The sounds lie in the file storage.
CREATE TABLE greeting_archive (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX greeting_archive_of_account ON greeting_archive (account_id, created_at, id);
