-- The messages of a call's ladder, packed; older calls have them as text in `ladder`, which is empty from now on.
ALTER TABLE call ADD COLUMN messages BYTEA;
