//! Plans, rule by rule.
