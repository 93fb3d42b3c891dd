-- Users who left can be brought back for a while; who sends calls to whom is found from either side; and the journal tells
-- what was undone.
ALTER TABLE account_user ADD COLUMN deleted_at BIGINT;
CREATE INDEX account_user_deleted ON account_user (account_id, deleted_at) WHERE deleted_at IS NOT NULL;

-- An extension or a number in E.164, as the profile has it.
ALTER TABLE account_user ADD COLUMN unreachable TEXT;
UPDATE account_user SET unreachable = COALESCE(
    profile::jsonb -> 'unreachable' ->> 'extension',
    profile::jsonb -> 'unreachable' ->> 'number'
);
CREATE INDEX account_user_by_unreachable ON account_user (account_id, unreachable) WHERE unreachable IS NOT NULL;

ALTER TABLE journal ADD COLUMN undoes UUID;
CREATE INDEX journal_by_undone ON journal (account_id, undoes) WHERE undoes IS NOT NULL;
