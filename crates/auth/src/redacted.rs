//! `Debug` that never shows what it holds: logs and panics print through it.

macro_rules! redacted_debug {
    ($($type:ident),+) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(…)"))
            }
        }
    )+};
}

pub(crate) use redacted_debug;
