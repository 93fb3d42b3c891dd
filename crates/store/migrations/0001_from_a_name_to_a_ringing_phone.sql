-- Written once for PostgreSQL and SQLite. Instants are microseconds since 1970 (BIGINT), documents are JSON (TEXT),
-- secrets are sealed or hashed (BYTEA). Columns that lists sort by or search in compare byte by byte: COLLATE "C", which
-- is SQLite's own order. WITHOUT ROWID stands in a comment that only SQLite gets to read.

CREATE TABLE catalogue (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    body TEXT NOT NULL
);

CREATE TABLE operator (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE account (
    id UUID NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    number TEXT NOT NULL UNIQUE,
    sip_domain TEXT NOT NULL UNIQUE,
    name_key TEXT COLLATE "C" NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX account_by_name ON account (name_key, id);

-- Counts that pages show (here, and of users and numbers at each location and department) are kept with the rows that they
-- count: counting 100,000 rows for each page would cost more than the
-- page.
CREATE TABLE tally (
    account_id UUID NOT NULL PRIMARY KEY REFERENCES account (id),
    users BIGINT NOT NULL DEFAULT 0,
    ready BIGINT NOT NULL DEFAULT 0,
    no_license BIGINT NOT NULL DEFAULT 0,
    no_number BIGINT NOT NULL DEFAULT 0,
    no_e911 BIGINT NOT NULL DEFAULT 0,
    no_device BIGINT NOT NULL DEFAULT 0,
    no_registration BIGINT NOT NULL DEFAULT 0,
    unfinished BIGINT NOT NULL DEFAULT 0,
    numbers BIGINT NOT NULL DEFAULT 0,
    numbers_free BIGINT NOT NULL DEFAULT 0,
    devices BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE location (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    area_code TEXT,
    time_zone TEXT NOT NULL,
    site TEXT NOT NULL,
    users BIGINT NOT NULL DEFAULT 0,
    numbers BIGINT NOT NULL DEFAULT 0,
    UNIQUE (account_id, id),
    UNIQUE (account_id, name_key)
);

CREATE TABLE department (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    users BIGINT NOT NULL DEFAULT 0,
    UNIQUE (account_id, id),
    UNIQUE (account_id, name_key)
);

-- "user" is a reserved word of SQL. The second group of columns repeats what other tables say of the user, so that a list
-- of 100,000 is filtered and drawn from this table alone; apply and the registrar keep it current.
CREATE TABLE account_user (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    username TEXT NOT NULL,
    extension TEXT,
    location_id UUID,
    department_id UUID,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    wizard TEXT,
    welcome_wanted BOOLEAN NOT NULL,
    pin_hash BYTEA,
    profile TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    sort_key TEXT COLLATE "C" NOT NULL,
    extension_key TEXT COLLATE "C" NOT NULL,

    voice_license_id UUID,
    number TEXT,
    e911_confirmed BOOLEAN NOT NULL DEFAULT FALSE,
    device BOOLEAN NOT NULL DEFAULT FALSE,
    registered_until BIGINT,
    was_registered BOOLEAN NOT NULL DEFAULT FALSE,
    ready BOOLEAN GENERATED ALWAYS AS (
        voice_license_id IS NOT NULL AND number IS NOT NULL AND e911_confirmed AND device AND registered_until IS NOT NULL
    ) STORED,

    UNIQUE (account_id, id),
    UNIQUE (account_id, extension),
    FOREIGN KEY (account_id, location_id) REFERENCES location (account_id, id),
    FOREIGN KEY (account_id, department_id) REFERENCES department (account_id, id)
);
CREATE INDEX account_user_by_name ON account_user (account_id, sort_key, id);
CREATE INDEX account_user_by_extension ON account_user (account_id, extension_key, sort_key, id);
CREATE INDEX account_user_by_location ON account_user (account_id, location_id, sort_key, id);
CREATE INDEX account_user_by_department ON account_user (account_id, department_id, sort_key, id);
CREATE INDEX account_user_by_license ON account_user (account_id, voice_license_id, sort_key, id);
CREATE INDEX account_user_by_state ON account_user (account_id, state, sort_key, id);
CREATE INDEX account_user_by_ready ON account_user (account_id, ready, sort_key, id);
CREATE INDEX account_user_unfinished ON account_user (account_id, sort_key, id) WHERE wizard IS NOT NULL;

-- The beginnings that a search finds a user by. The sort key comes along, so that a search by name order never looks at
-- account_user.
CREATE TABLE user_word (
    account_id UUID NOT NULL,
    word TEXT COLLATE "C" NOT NULL,
    sort_key TEXT COLLATE "C" NOT NULL,
    user_id UUID NOT NULL,
    PRIMARY KEY (account_id, word, sort_key, user_id),
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
) /* WITHOUT ROWID */;
CREATE INDEX user_word_by_user ON user_word (user_id, word);

CREATE TABLE phone_number (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    number TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    location_id UUID,
    user_id UUID,
    created_at BIGINT NOT NULL,
    area_code TEXT,
    digits TEXT COLLATE "C" NOT NULL,
    national TEXT COLLATE "C" NOT NULL,
    last_seven TEXT COLLATE "C" NOT NULL,
    last_four TEXT COLLATE "C" NOT NULL,
    UNIQUE (user_id, kind),
    CHECK ((state = 'assigned') = (user_id IS NOT NULL)),
    FOREIGN KEY (account_id, location_id) REFERENCES location (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id)
);
CREATE INDEX phone_number_by_number ON phone_number (account_id, digits);
CREATE INDEX phone_number_by_national ON phone_number (account_id, national);
CREATE INDEX phone_number_by_last_seven ON phone_number (account_id, last_seven);
CREATE INDEX phone_number_by_last_four ON phone_number (account_id, last_four);
CREATE INDEX phone_number_by_state ON phone_number (account_id, state, digits);
CREATE INDEX phone_number_by_area ON phone_number (account_id, state, area_code, digits);
CREATE INDEX phone_number_by_location ON phone_number (account_id, location_id, state, digits);

CREATE TABLE device (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    model TEXT NOT NULL,
    mac TEXT COLLATE "C" UNIQUE,
    label TEXT,
    title_key TEXT COLLATE "C" NOT NULL,
    user_id UUID,
    locked BOOLEAN NOT NULL,
    provisioning_token BYTEA NOT NULL,
    provisioning_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    fetched_at BIGINT,
    fetched_from TEXT,
    fetched_by TEXT,
    registered_until BIGINT,
    last_registered_at BIGINT,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id)
);
CREATE INDEX device_by_title ON device (account_id, title_key, id);
CREATE INDEX device_by_mac ON device (account_id, mac);
CREATE INDEX device_by_user ON device (user_id);

CREATE TABLE line (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    device_id UUID NOT NULL UNIQUE,
    user_id UUID NOT NULL,
    algorithm TEXT NOT NULL,
    username TEXT NOT NULL UNIQUE,
    ha1_md5 BYTEA NOT NULL,
    ha1_sha256 BYTEA NOT NULL,
    secret BYTEA,
    generated_at BIGINT NOT NULL,
    FOREIGN KEY (account_id, device_id) REFERENCES device (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id)
);
CREATE INDEX line_by_user ON line (user_id);
CREATE INDEX line_by_account ON line (account_id);

CREATE TABLE e911_address (
    user_id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    address TEXT NOT NULL,
    callback TEXT,
    confirmed_at BIGINT,
    confirmed_by TEXT,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id)
);

CREATE TABLE seats (
    account_id UUID NOT NULL REFERENCES account (id),
    license_type_id UUID NOT NULL,
    version BIGINT NOT NULL,
    bought BIGINT NOT NULL,
    used BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, license_type_id),
    CHECK (used >= 0),
    CHECK (used <= bought)
);

CREATE TABLE assignment (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    user_id UUID NOT NULL,
    track_id UUID NOT NULL,
    license_type_id UUID NOT NULL,
    starts_at BIGINT NOT NULL,
    UNIQUE (user_id, track_id),
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id)
);

CREATE TABLE greeting (
    user_id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    file_name TEXT NOT NULL,
    duration_ms BIGINT NOT NULL,
    audio TEXT NOT NULL,
    uploaded_at BIGINT NOT NULL,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id)
);

CREATE TABLE mail (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    user_id UUID NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    said TEXT,
    created_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    done_at BIGINT,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id)
);
CREATE INDEX mail_due ON mail (next_at) WHERE state IN ('queued', 'delayed');
CREATE INDEX mail_by_user ON mail (user_id, created_at);
CREATE INDEX mail_by_state ON mail (account_id, state);

CREATE TABLE journal (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id UUID,
    actor_name TEXT NOT NULL,
    via TEXT NOT NULL,
    came_from TEXT,
    action TEXT NOT NULL,
    summary TEXT NOT NULL,
    search_key TEXT NOT NULL,
    user_id UUID,
    steps TEXT NOT NULL
);
CREATE INDEX journal_by_time ON journal (account_id, at, id);
CREATE INDEX journal_by_user ON journal (account_id, user_id, at, id);
CREATE INDEX journal_by_action ON journal (account_id, action, at, id);

-- One space of usernames for all accounts and the operators.
CREATE TABLE login (
    username_key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    account_id UUID,
    user_id UUID UNIQUE,
    operator_id UUID UNIQUE REFERENCES operator (id),
    password_hash TEXT,
    failures BIGINT NOT NULL DEFAULT 0,
    locked_until BIGINT,
    last_sign_in BIGINT,
    CHECK ((user_id IS NULL) <> (operator_id IS NULL)),
    CHECK ((user_id IS NULL) = (account_id IS NULL)),
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);

CREATE TABLE session (
    hash BYTEA NOT NULL PRIMARY KEY,
    user_id UUID REFERENCES account_user (id) ON DELETE CASCADE,
    operator_id UUID REFERENCES operator (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK ((user_id IS NULL) <> (operator_id IS NULL))
);
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_operator ON session (operator_id);
CREATE INDEX session_by_expiry ON session (expires_at);

CREATE TABLE link (
    hash BYTEA NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES account_user (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX link_by_user ON link (user_id);

CREATE TABLE api_token (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id) ON DELETE CASCADE
);
CREATE INDEX api_token_by_user ON api_token (account_id, user_id);

CREATE TABLE binding (
    line_id UUID NOT NULL REFERENCES line (id) ON DELETE CASCADE,
    contact BYTEA NOT NULL,
    account_id UUID NOT NULL,
    user_id UUID NOT NULL,
    device_id UUID NOT NULL,
    transport TEXT NOT NULL,
    source TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    call_id TEXT NOT NULL,
    cseq BIGINT NOT NULL,
    registered_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (line_id, contact)
);
CREATE INDEX binding_by_user ON binding (user_id);
CREATE INDEX binding_by_device ON binding (device_id);
CREATE INDEX binding_by_expiry ON binding (expires_at);
