//! The program `lineside`.

fn main() {}
