//! Use cases: who may do what, plan and apply, sign-in, outbox workers.
