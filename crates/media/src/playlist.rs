//! What is played towards a leg: prompts, silences and tones, one after the other.

use std::{sync::LazyLock, time::Duration};

use crate::{RATE, prompt::Prompt, tone};

/// Cloning shares the samples.
#[derive(Debug, Clone, Default)]
pub struct Playlist {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
pub enum Piece {
    Prompt(Prompt),
    Silence(Duration),
}

impl Playlist {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.pieces.push(Piece::Prompt(prompt));
        self
    }

    #[must_use]
    pub fn prompts(mut self, prompts: impl IntoIterator<Item = Prompt>) -> Self {
        self.pieces.extend(prompts.into_iter().map(Piece::Prompt));
        self
    }

    #[must_use]
    pub fn silence(mut self, length: Duration) -> Self {
        self.pieces.push(Piece::Silence(length));
        self
    }

    /// A sum of sine waves; `level` is the peak of each as a share of full scale.
    #[must_use]
    pub fn tone(self, frequencies: &[f64], level: f64, length: Duration) -> Self {
        self.prompt(Prompt::new(tone::generate(frequencies, level, samples(length), RATE)))
    }

    /// “After the tone”: half a second of 1,000 Hz.
    #[must_use]
    pub fn beep(self) -> Self {
        static BEEP: LazyLock<Prompt> = LazyLock::new(|| Prompt::new(tone::generate(&[1000.0], 0.3, 4_000, RATE)));
        self.prompt(BEEP.clone())
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub fn duration(&self) -> Duration {
        let lengths = self.pieces.iter().map(|piece| match piece {
            Piece::Prompt(prompt) => prompt.duration(),
            Piece::Silence(length) => *length,
        });
        lengths.sum()
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }
}

impl From<Prompt> for Playlist {
    fn from(prompt: Prompt) -> Self {
        Self::new().prompt(prompt)
    }
}

impl FromIterator<Prompt> for Playlist {
    fn from_iter<I: IntoIterator<Item = Prompt>>(prompts: I) -> Self {
        Self::new().prompts(prompts)
    }
}

/// Where a leg is in its playlist.
#[derive(Debug)]
pub(crate) struct Reader {
    playlist: Playlist,
    piece: usize,
    /// Samples of the piece that were read.
    offset: usize,
}

impl Reader {
    pub(crate) fn new(playlist: Playlist) -> Self {
        Self { playlist, piece: 0, offset: 0 }
    }

    /// Fills `frame`, with silence after the end; whether anything was left to be read.
    pub(crate) fn read(&mut self, frame: &mut [i16]) -> bool {
        let mut filled = 0;
        while filled < frame.len() {
            let Some(piece) = self.playlist.pieces().get(self.piece) else { break };
            let taken = match piece {
                Piece::Prompt(prompt) => {
                    let rest = prompt.samples().get(self.offset..).unwrap_or_default();
                    let taken = rest.len().min(frame.len() - filled);
                    frame[filled..filled + taken].copy_from_slice(&rest[..taken]);
                    taken
                }
                Piece::Silence(length) => {
                    let taken = samples(*length).saturating_sub(self.offset).min(frame.len() - filled);
                    frame[filled..filled + taken].fill(0);
                    taken
                }
            };
            filled += taken;
            self.offset += taken;
            if taken == 0 {
                self.piece += 1;
                self.offset = 0;
            }
        }
        frame[filled..].fill(0);
        filled > 0
    }
}

fn samples(length: Duration) -> usize {
    usize::try_from(length.as_millis() * u128::from(RATE) / 1000).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_each_other_within_a_frame() {
        let playlist = Playlist::new()
            .prompt(Prompt::new(vec![1; 100]))
            .silence(Duration::from_millis(10))
            .prompt(Prompt::new(vec![2; 50]));
        let mut reader = Reader::new(playlist);
        let mut frame = [9; 160];
        assert!(reader.read(&mut frame));
        assert_eq!((frame[99], frame[100], frame[159]), (1, 0, 0));
        assert!(reader.read(&mut frame));
        assert_eq!((frame[19], frame[20], frame[69], frame[70]), (0, 2, 2, 0));
        assert!(!reader.read(&mut frame));
    }

    #[test]
    fn the_length_is_that_of_all_pieces() {
        let playlist = Playlist::new().beep().silence(Duration::from_millis(250));
        assert_eq!(playlist.duration(), Duration::from_millis(750));
        assert!(Playlist::new().is_empty());
    }
}
