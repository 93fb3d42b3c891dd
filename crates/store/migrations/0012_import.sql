-- Files of users that were uploaded, and what became of them. The file itself and its plan lie in the file storage.
CREATE TABLE import (
    id UUID PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX import_of_account ON import (account_id, created_at, id);
