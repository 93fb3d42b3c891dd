//! SQLite and PostgreSQL behind one handle: facts, apply, journal, outbox, lists; migrations.
