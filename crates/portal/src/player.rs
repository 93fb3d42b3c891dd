//! Sound on a page: a drawing of how loud it is, where one may seek, and the browser's own player below it.

use askama::Template;
use askama::filters::HtmlSafe;
use lineside_service::audio::peaks;

#[derive(Template)]
#[template(path = "player.html")]
pub struct Player {
    label: String,
    src: String,
    bars: Vec<Bar>,
    length: String,
}

impl HtmlSafe for Player {}

struct Bar {
    x: usize,
    y: u8,
    height: u8,
}

/// Bars in the drawing, and the distance of each to the next.
const BARS: usize = 120;
const STEP: usize = 3;
const HALF: u8 = 20;

impl Player {
    /// `length`: `0:42`.
    pub fn new(label: &str, src: String, wav: &[u8], length: String) -> Self {
        let bar = |(at, peak): (usize, u8)| {
            let half = (u16::from(peak) * u16::from(HALF) / 100).clamp(1, u16::from(HALF));
            let half = u8::try_from(half).unwrap_or(HALF);
            Bar { x: at * STEP, y: HALF - half, height: half * 2 }
        };
        let bars = peaks(wav, BARS).into_iter().enumerate().map(bar).collect();
        Self { label: label.to_owned(), src, bars, length }
    }
}
