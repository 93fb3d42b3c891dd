-- The colleagues whose calls light a phone's keys: their identifiers in the order of the keys, as JSON. NULL: none.
ALTER TABLE device ADD COLUMN lamp_keys TEXT;
