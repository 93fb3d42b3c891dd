-- A call's messages lie in a table of their own: beside the call, each of them would take a page for itself.
CREATE TABLE call_ladder (
    account_id UUID NOT NULL,
    call_id UUID NOT NULL,
    messages BYTEA NOT NULL,
    PRIMARY KEY (account_id, call_id)
);
INSERT INTO call_ladder (account_id, call_id, messages)
    SELECT account_id, id, messages FROM call WHERE messages IS NOT NULL ORDER BY account_id, id;

-- Calls come in the order of time and lie in it: SQLite appends to a table with row numbers, where one that is sorted by its
-- key would be balanced again and again. `ladder` is the text of calls from before messages were packed.
CREATE TABLE call_in_order (
    account_id UUID NOT NULL REFERENCES account (id),
    id UUID NOT NULL,
    started_at BIGINT NOT NULL,
    direction TEXT NOT NULL,
    outcome TEXT NOT NULL,
    recording_id UUID,
    ended TEXT NOT NULL,
    ladder TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, id)
);
INSERT INTO call_in_order (account_id, id, started_at, direction, outcome, recording_id, ended, ladder)
    SELECT account_id, id, started_at, direction, outcome, recording_id, ended, ladder FROM call ORDER BY started_at;
DROP TABLE call;
ALTER TABLE call_in_order RENAME TO call;
CREATE INDEX call_by_time ON call (account_id, started_at, id);
CREATE INDEX call_by_direction ON call (account_id, direction, started_at, id);
CREATE INDEX call_by_outcome ON call (account_id, outcome, started_at, id);
CREATE INDEX call_recorded ON call (account_id, started_at, id) WHERE recording_id IS NOT NULL;

-- Who is in a call that is forgotten is read from the call.
DROP INDEX call_user_by_call;
DROP INDEX call_number_by_call;
