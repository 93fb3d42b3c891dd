-- Steps of a long entry, packed: of 100,000 users they are half a gigabyte of JSON, most of it the same words. Where there
-- are such, `steps` is empty.
ALTER TABLE journal_part ADD COLUMN packed BYTEA;
