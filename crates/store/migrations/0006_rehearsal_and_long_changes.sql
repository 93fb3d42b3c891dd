-- Accounts whose schedule is to be rehearsed since the catalogue changed: written with that change, so that no crash loses it.
CREATE TABLE rehearsal (
    account_id UUID NOT NULL PRIMARY KEY REFERENCES account (id),
    -- Of the catalogue that asks for it.
    version BIGINT NOT NULL,
    -- Users up to this one are done.
    after_user UUID NOT NULL,
    -- Somebody is at work on it until then, unless they died.
    claimed_until BIGINT NOT NULL
);

-- The steps of a change to many: the journal keeps the first few, the rest lies here in parts of as many.
CREATE TABLE journal_part (
    id UUID NOT NULL PRIMARY KEY,
    journal_id UUID NOT NULL REFERENCES journal (id),
    steps TEXT NOT NULL
);
-- How many steps there are in all; NULL: as many as stand in the journal itself.
ALTER TABLE journal ADD COLUMN step_count BIGINT;
-- In which parts the steps about this user lie, as a JSON list of their numbers; NULL: in the journal itself.
ALTER TABLE journal_user ADD COLUMN parts TEXT;
