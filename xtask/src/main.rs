//! Assets, checks, benchmarks.

fn main() {}
