//! Passwords, PINs, tokens, and the sealing of secrets at rest.
