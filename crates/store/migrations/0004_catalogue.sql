-- The operator edits the catalogue. Its version guards two who do so at once, and tells each node that its copy is old.
ALTER TABLE catalogue ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- What was changed by whom: the plan in words.
CREATE TABLE catalogue_change (
    version BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    plan TEXT NOT NULL
) /* WITHOUT ROWID */;
