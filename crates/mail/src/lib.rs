//! Messages from templates, SMTP, and what the server said.
