//! The lamp strip: a lamp a condition, each with a shape, a colour and words.

use std::fmt;

use askama::filters::HtmlSafe;
use lineside_model::readiness::{Lamp, Lamps};

/// The strip with its text alternative.
pub struct Strip(Lamps);

pub fn strip(lamps: &Lamps) -> Strip {
    Strip(*lamps)
}

impl fmt::Display for Strip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.0.label();
        write!(f, "<span class=\"lamps\" role=\"img\" aria-label=\"{label}\" title=\"{label}\">")?;
        for (_, lamp) in self.0.each() {
            write!(f, "<i class=\"lamp {}\"></i>", lamp.class())?;
        }
        f.write_str("</span>")
    }
}

impl HtmlSafe for Strip {}

/// One lamp beside a text that says what it means.
pub struct Single(Lamp);

pub fn lamp(lamp: &Lamp) -> Single {
    Single(*lamp)
}

impl fmt::Display for Single {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, label) = (self.0.class(), self.0.label());
        write!(f, "<i class=\"lamp {class}\" role=\"img\" aria-label=\"{label}\" title=\"{label}\"></i>")
    }
}

impl HtmlSafe for Single {}
