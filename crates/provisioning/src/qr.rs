//! An address as a QR code that a softphone scans.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};
use thiserror::Error;

/// The quiet zone that ISO/IEC 18004 asks for, in modules.
const QUIET: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is too long for a QR code; show it as text")]
pub struct TooLong;

/// An SVG to be put into a page: dark on light in every colour scheme, because cameras want it so. `title` is what a
/// screen reader says; the content may be secret and stays unsaid.
pub fn svg(content: &str, title: &str) -> Result<String, TooLong> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M).map_err(|_| TooLong)?;
    let size = code.width() + 2 * QUIET;
    let mut path = String::new();
    for (index, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (index % code.width() + QUIET, index / code.width() + QUIET);
            // Writing to a string can't fail.
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    let title =
        askama::filters::escape(title, askama::filters::Html).map_or_else(|_| String::new(), |title| title.to_string());
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
         <title>{title}</title><path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_an_image_with_a_title_and_its_own_paper() {
        let svg = svg("https://prov.example.com/t0ken/linphone.xml", "Set up <Linphone>").unwrap();
        assert!(svg.starts_with("<svg ") && svg.contains(" role=\"img\" "), "{svg}");
        assert!(svg.contains("<title>Set up &#60;Linphone&#62;</title>"), "{svg}");
        assert!(svg.contains("fill=\"#fff\"") && !svg.contains("t0ken"), "{svg}");
    }

    #[test]
    fn a_longer_address_than_fits_is_refused() {
        assert_eq!(svg(&"x".repeat(5000), "too long"), Err(TooLong));
    }
}
