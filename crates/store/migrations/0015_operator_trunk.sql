-- The accounts that a trunk of the operator's is for: `all`, or their numbers. NULL for an account's own.
ALTER TABLE trunk ADD COLUMN serves TEXT;
