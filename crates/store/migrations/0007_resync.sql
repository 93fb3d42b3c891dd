-- Phones that are asked to fetch their configuration (NOTIFY check-sync): the last order of each device, and what became of it.
CREATE TABLE resync (
    device_id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL,
    change_id UUID NOT NULL,
    state TEXT NOT NULL,
    ordered_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    said TEXT,
    done_at BIGINT,
    FOREIGN KEY (account_id, device_id) REFERENCES device (account_id, id) ON DELETE CASCADE
) /* WITHOUT ROWID */;
CREATE INDEX resync_due ON resync (next_at) WHERE state IN ('queued', 'waiting', 'delayed');
