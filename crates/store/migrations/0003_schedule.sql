-- Licenses that wait for their day, the seats that they take and free, seats that are bound, and a history of each user that
-- knows of changes to many. Dates are days since 1970 (BIGINT).

CREATE TABLE schedule_entry (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    version BIGINT NOT NULL,
    user_id UUID NOT NULL,
    track_id UUID NOT NULL,
    license_type_id UUID,
    date BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    reserved BOOLEAN NOT NULL,
    seats TEXT NOT NULL,
    conflicts TEXT NOT NULL,
    warned TEXT,
    change_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    failed_at BIGINT,
    -- Repeats the user's, so that a long schedule is read in its order from an index.
    sort_key TEXT COLLATE "C" NOT NULL DEFAULT '',
    FOREIGN KEY (account_id, user_id) REFERENCES account_user (account_id, id)
);
CREATE UNIQUE INDEX schedule_entry_of_day ON schedule_entry (user_id, track_id, date) WHERE state = 'scheduled';
CREATE INDEX schedule_entry_by_date ON schedule_entry (account_id, date, sort_key, id);
CREATE INDEX schedule_entry_by_user ON schedule_entry (account_id, user_id, date);
CREATE INDEX schedule_entry_scheduled ON schedule_entry (account_id, date, sort_key, id) WHERE state = 'scheduled';
CREATE INDEX schedule_entry_failed ON schedule_entry (account_id, date, sort_key, id) WHERE state = 'failed';
CREATE INDEX schedule_entry_conflicts ON schedule_entry (account_id, date, sort_key, id, state) WHERE conflicts <> '[]';
CREATE INDEX schedule_entry_waiting ON schedule_entry (account_id, license_type_id, date, id)
    WHERE state = 'scheduled' AND NOT reserved AND license_type_id IS NOT NULL AND conflicts <> '[]';
CREATE INDEX schedule_entry_reserved ON schedule_entry (account_id, license_type_id, date, id)
    WHERE state = 'scheduled' AND reserved;
-- Over all accounts: for who runs what is due, and warns.
CREATE INDEX schedule_entry_due ON schedule_entry (due_at, account_id) WHERE state = 'scheduled';
CREATE INDEX schedule_entry_to_warn ON schedule_entry (due_at, account_id) WHERE state = 'scheduled' AND conflicts <> '[]';

-- What the scheduled entries of one date take of a type (above zero) or free (below). Days with nothing have no row.
CREATE TABLE seat_day (
    account_id UUID NOT NULL REFERENCES account (id),
    license_type_id UUID NOT NULL,
    date BIGINT NOT NULL,
    delta BIGINT NOT NULL,
    PRIMARY KEY (account_id, license_type_id, date)
) /* WITHOUT ROWID */;

ALTER TABLE tally ADD COLUMN scheduled BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN schedule_conflicts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN schedule_failed BIGINT NOT NULL DEFAULT 0;

ALTER TABLE seats ADD COLUMN bound TEXT NOT NULL DEFAULT '[]';
-- Counts the changes to the type's days: two that schedule the last seat meet in this row.
ALTER TABLE seats ADD COLUMN rescheduled BIGINT NOT NULL DEFAULT 0;
-- On some day, more seats are used than bought: a conflict took away what was to be freed.
ALTER TABLE seats ADD COLUMN overbooked BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX seats_overbooked ON seats (account_id) WHERE overbooked;

ALTER TABLE assignment ADD COLUMN change_id UUID;
CREATE INDEX assignment_by_type ON assignment (account_id, license_type_id, starts_at, user_id);

ALTER TABLE mail ADD COLUMN about TEXT NOT NULL DEFAULT '[]';

CREATE INDEX account_user_by_role ON account_user (account_id, role, id) WHERE role <> 'user';

-- The users that a change touched beside the one it is mainly about, who stands in journal itself.
CREATE TABLE journal_user (
    account_id UUID NOT NULL,
    user_id UUID NOT NULL,
    at BIGINT NOT NULL,
    journal_id UUID NOT NULL,
    PRIMARY KEY (account_id, user_id, at, journal_id)
) /* WITHOUT ROWID */;

-- Always empty. PostgreSQL locks it for a change that others came between twice, so that such changes go one by one.
CREATE TABLE turn (
    id BIGINT NOT NULL
);
