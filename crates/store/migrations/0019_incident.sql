-- What is wrong with calls, from when to when. account_id is NULL for the operator's trunks.
CREATE TABLE incident (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID REFERENCES account (id),
    kind TEXT NOT NULL,
    subject UUID NOT NULL,
    began_at BIGINT NOT NULL,
    ended_at BIGINT,
    said TEXT NOT NULL
);
CREATE INDEX incident_by_account ON incident (account_id, began_at, id);
-- One of a kind at a time.
CREATE UNIQUE INDEX incident_open ON incident (kind, subject) WHERE ended_at IS NULL;
