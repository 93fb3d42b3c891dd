-- What is set for calls, voicemail, the history of calls, recordings.

-- A user without a row has the defaults.
CREATE TABLE forwarding (
    user_id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    rules TEXT NOT NULL,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);

CREATE TABLE mailbox (
    user_id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    enabled BOOLEAN NOT NULL,
    pin_hash BYTEA,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);

-- What happens to a mailbox beside what is set: wrong PINs, and that its user was told how full it is.
CREATE TABLE mailbox_watch (
    user_id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    failures BIGINT NOT NULL DEFAULT 0,
    locked_until BIGINT,
    told TEXT,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);

CREATE TABLE recording_choice (
    user_id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    mode TEXT NOT NULL,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);

CREATE TABLE call_settings (
    account_id UUID NOT NULL PRIMARY KEY REFERENCES account (id),
    version BIGINT NOT NULL,
    rules TEXT NOT NULL
);

-- account_id is NULL for the operator's, which serve every account that has none of its own.
CREATE TABLE trunk (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID REFERENCES account (id),
    version BIGINT NOT NULL,
    settings TEXT NOT NULL,
    password BYTEA,
    created_at BIGINT NOT NULL
);
CREATE INDEX trunk_by_account ON trunk (account_id, id);

CREATE TABLE voicemail_message (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    user_id UUID NOT NULL,
    version BIGINT NOT NULL,
    caller TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    state TEXT NOT NULL,
    audio TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    call_id UUID,
    forwarded_by UUID,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);
CREATE INDEX voicemail_message_by_user ON voicemail_message (user_id, received_at, id);
CREATE INDEX voicemail_message_counts ON voicemail_message (user_id, state, bytes);
CREATE INDEX voicemail_message_by_audio ON voicemail_message (audio);

-- The history. A call between two accounts has a row in each.
CREATE TABLE call (
    account_id UUID NOT NULL REFERENCES account (id),
    id UUID NOT NULL,
    started_at BIGINT NOT NULL,
    direction TEXT NOT NULL,
    outcome TEXT NOT NULL,
    recording_id UUID,
    ended TEXT NOT NULL,
    ladder TEXT NOT NULL,
    PRIMARY KEY (account_id, id)
) /* WITHOUT ROWID */;
CREATE INDEX call_by_time ON call (account_id, started_at, id);
CREATE INDEX call_by_direction ON call (account_id, direction, started_at, id);
CREATE INDEX call_by_outcome ON call (account_id, outcome, started_at, id);
CREATE INDEX call_recorded ON call (account_id, started_at, id) WHERE recording_id IS NOT NULL;

-- Whom a call belongs to, and by which numbers it is found.
CREATE TABLE call_user (
    account_id UUID NOT NULL,
    user_id UUID NOT NULL,
    started_at BIGINT NOT NULL,
    call_id UUID NOT NULL,
    PRIMARY KEY (account_id, user_id, started_at, call_id)
) /* WITHOUT ROWID */;
CREATE INDEX call_user_by_call ON call_user (account_id, call_id);
CREATE TABLE call_number (
    account_id UUID NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    call_id UUID NOT NULL,
    PRIMARY KEY (account_id, number, started_at, call_id)
) /* WITHOUT ROWID */;
CREATE INDEX call_number_by_call ON call_number (account_id, call_id);

-- Seconds talked out of the house, by user and day of the account: the limits begin with these after a restart.
CREATE TABLE outbound_day (
    account_id UUID NOT NULL REFERENCES account (id),
    user_id UUID NOT NULL,
    date BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id, date)
) /* WITHOUT ROWID */;
CREATE INDEX outbound_day_by_date ON outbound_day (date);

CREATE TABLE recording (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    call_id UUID NOT NULL,
    user_id UUID NOT NULL,
    audio TEXT,
    bytes BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    tracks BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    deleted_at BIGINT,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id)
);
CREATE INDEX recording_by_call ON recording (account_id, call_id);
CREATE INDEX recording_kept ON recording (account_id, started_at, id) WHERE audio IS NOT NULL;
CREATE INDEX recording_by_audio ON recording (audio);
