-- Departures on a date, numbers that are forwarded and kept back for a time, who forwards to whom, and users of whom nothing is
-- left.

-- A user as a whole becomes something else: JSON. Its track is the nil UUID.
ALTER TABLE schedule_entry ADD COLUMN lifecycle TEXT;

ALTER TABLE phone_number ADD COLUMN forwarded_to UUID REFERENCES account_user (id) ON DELETE SET NULL;
ALTER TABLE phone_number ADD COLUMN forwarded_until BIGINT;
ALTER TABLE phone_number ADD COLUMN kept_until BIGINT;
-- The earlier of both: when something is to become of it by itself.
ALTER TABLE phone_number ADD COLUMN due_at BIGINT;
CREATE INDEX phone_number_forwarded ON phone_number (forwarded_to) WHERE forwarded_to IS NOT NULL;
CREATE INDEX phone_number_due ON phone_number (due_at, account_id) WHERE due_at IS NOT NULL;

-- Where the rules of forwarding send calls, as rules say it: an extension or a number in E.164.
CREATE TABLE forwards_to (
    account_id UUID NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    user_id UUID NOT NULL,
    PRIMARY KEY (account_id, target, user_id),
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
) /* WITHOUT ROWID */;
CREATE INDEX forwards_to_by_user ON forwards_to (account_id, user_id);
INSERT INTO forwards_to (account_id, target, user_id)
    SELECT account_id, target, user_id FROM (
        SELECT account_id, user_id,
            COALESCE(rules::jsonb -> 'always' ->> 'extension', rules::jsonb -> 'always' ->> 'number') AS target
        FROM forwarding
        UNION
        SELECT account_id, user_id,
            COALESCE(rules::jsonb -> 'busy' ->> 'extension', rules::jsonb -> 'busy' ->> 'number') AS target
        FROM forwarding
        UNION
        SELECT account_id, user_id,
            COALESCE(rules::jsonb -> 'no_answer' ->> 'extension', rules::jsonb -> 'no_answer' ->> 'number') AS target
        FROM forwarding
    ) found WHERE target IS NOT NULL;

ALTER TABLE account_user ADD COLUMN recordings_go BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account_user ADD COLUMN purged_at BIGINT;
CREATE INDEX account_user_to_purge ON account_user (deleted_at, account_id)
    WHERE deleted_at IS NOT NULL AND purged_at IS NULL;
CREATE INDEX recording_of_user ON recording (account_id, user_id) WHERE audio IS NOT NULL;
