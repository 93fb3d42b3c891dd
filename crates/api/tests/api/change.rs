//! Changes: planned, applied once, refused.
