//! WAV files of 16-bit samples, one or two channels; G.711 is read, too.

use std::{
    fs::File,
    io::{self, Cursor},
    os::unix::fs::FileExt,
    path::Path,
};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use thiserror::Error;

use crate::g711::Law;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wav {
    /// Samples a second in each channel.
    pub rate: u32,
    /// 1 or 2.
    pub channels: u16,
    /// Interleaved where there are two channels.
    pub samples: Vec<i16>,
}

#[derive(Debug, Error)]
pub enum WavError {
    #[error("this is not a WAV file that can be read; save it again as 16-bit PCM WAV")]
    Damaged(#[from] hound::Error),
    #[error("the WAV file holds {bits}-bit samples in {channels} channels; save it as 16-bit PCM, mono or stereo")]
    Kind { bits: u16, channels: u16 },
}

/// The file's bytes.
pub fn write(wav: &Wav) -> Result<Vec<u8>, WavError> {
    let spec = WavSpec {
        channels: wav.channels,
        sample_rate: wav.rate,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    if !(1..=2).contains(&wav.channels) {
        return Err(WavError::Kind { bits: 16, channels: wav.channels });
    }
    let mut file = Cursor::new(Vec::with_capacity(44 + wav.samples.len() * 2));
    let mut writer = WavWriter::new(&mut file, spec)?;
    for &sample in &wav.samples {
        writer.write_sample(sample)?;
    }
    writer.finalize()?;
    Ok(file.into_inner())
}

/// Reads a file of ours, or one that is of the same kind: 16-bit samples, or G.711, as our announcements are.
pub fn read(bytes: &[u8]) -> Result<Wav, WavError> {
    if let Some(wav) = g711(bytes) {
        return Ok(wav);
    }
    let mut reader = WavReader::new(Cursor::new(bytes))?;
    let spec = reader.spec();
    if spec.bits_per_sample != 16 || spec.sample_format != SampleFormat::Int || !(1..=2).contains(&spec.channels) {
        return Err(WavError::Kind { bits: spec.bits_per_sample, channels: spec.channels });
    }
    let samples = reader.samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    Ok(Wav { rate: spec.sample_rate, channels: spec.channels, samples })
}

/// A file of G.711, which the reader of other files does not know.
fn g711(bytes: &[u8]) -> Option<Wav> {
    let mut chunks = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let mut format = None;
    while let Some((head, rest)) = chunks.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
        let (chunk, after) = rest.split_at(length);
        match &head[..4] {
            b"fmt " => format = Some(g711_format(chunk)?),
            b"data" => {
                let (law, rate) = format?;
                return Some(Wav { rate, channels: 1, samples: chunk.iter().map(|&byte| law.decode(byte)).collect() });
            }
            _ => {}
        }
        // Chunks begin at even places.
        chunks = after.get(length % 2..).unwrap_or_default();
    }
    None
}

/// The law and the rate of a mono file.
fn g711_format(chunk: &[u8]) -> Option<(Law, u32)> {
    let chunk: &[u8; 16] = chunk.first_chunk()?;
    let law = match u16::from_le_bytes([chunk[0], chunk[1]]) {
        6 => Law::A,
        7 => Law::Mu,
        _ => return None,
    };
    let is_mono = u16::from_le_bytes([chunk[2], chunk[3]]) == 1;
    is_mono.then(|| (law, u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]])))
}

/// Bytes before the samples in `header`.
pub const HEADER: u64 = 44;

/// The beginning of a file of 16-bit samples that is still written; `samples` are those of one channel.
pub fn header(rate: u32, channels: u16, samples: u64) -> [u8; 44] {
    let frame = channels * 2;
    // A file past 4 GB plays as far as its header can tell.
    let data = u32::try_from(samples * u64::from(frame)).unwrap_or(u32::MAX - 36);
    let mut header = [0; 44];
    header[..4].copy_from_slice(b"RIFF");
    header[4..8].copy_from_slice(&(data + 36).to_le_bytes());
    header[8..16].copy_from_slice(b"WAVEfmt ");
    header[16..20].copy_from_slice(&16_u32.to_le_bytes());
    header[20..22].copy_from_slice(&1_u16.to_le_bytes());
    header[22..24].copy_from_slice(&channels.to_le_bytes());
    header[24..28].copy_from_slice(&rate.to_le_bytes());
    header[28..32].copy_from_slice(&rate.wrapping_mul(u32::from(frame)).to_le_bytes());
    header[32..34].copy_from_slice(&frame.to_le_bytes());
    header[34..36].copy_from_slice(&16_u16.to_le_bytes());
    header[36..40].copy_from_slice(b"data");
    header[40..44].copy_from_slice(&data.to_le_bytes());
    header
}

/// Tells the header of a recording that a crash has cut off how long the file came to; the samples of one channel.
pub fn complete(recording: &Path) -> io::Result<u64> {
    let file = File::options().read(true).write(true).open(recording)?;
    let mut begun = [0; 44];
    file.read_exact_at(&mut begun, 0)?;
    let channels = u16::from_le_bytes([begun[22], begun[23]]);
    let rate = u32::from_le_bytes([begun[24], begun[25], begun[26], begun[27]]);
    if header(rate, channels.clamp(1, 2), 0)[8..40] != begun[8..40] {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no recording of ours"));
    }
    let samples = (file.metadata()?.len() - HEADER) / (2 * u64::from(channels));
    file.write_all_at(&header(rate, channels, samples), 0)?;
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for channels in [1, 2] {
            let wav = Wav { rate: 8000, channels, samples: vec![0, 1, -1, i16::MAX, i16::MIN, 7] };
            assert_eq!(read(&write(&wav).unwrap()).unwrap(), wav);
        }
    }

    #[test]
    fn a_header_of_ours_is_that_of_a_whole_file() {
        for channels in [1, 2] {
            let wav = Wav { rate: 8000, channels, samples: vec![7; 6] };
            let header = header(8000, channels, 6 / u64::from(channels));
            assert_eq!(write(&wav).unwrap()[..44], header);
        }
    }

    #[test]
    fn a_recording_that_was_cut_off_is_completed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording.wav");
        let mut file = header(8000, 2, 0).to_vec();
        file.extend_from_slice(&[1, 0, 2, 0, 3, 0, 4, 0, 5]);
        std::fs::write(&path, file).unwrap();
        assert_eq!(complete(&path).unwrap(), 2);
        assert_eq!(read(&std::fs::read(&path).unwrap()).unwrap().samples, [1, 2, 3, 4]);
        std::fs::write(&path, [7; 60]).unwrap();
        assert!(complete(&path).is_err());
    }

    #[test]
    fn g711_is_read() {
        let mut file = header(8000, 1, 2).to_vec();
        file[20] = 7;
        file[34] = 8;
        file.extend_from_slice(&[0xff, 0x80, 0x00, 0x7f]);
        let wav = Wav { rate: 8000, channels: 1, samples: vec![0, 32_124, -32_124, 0] };
        assert_eq!(read(&file).unwrap(), wav);
        file[20] = 6;
        assert_eq!(read(&file).unwrap().samples[0], Law::A.decode(0xff));
        for end in 0..file.len() {
            let _ = read(&file[..end]);
        }
    }

    #[test]
    fn other_kinds_are_refused_with_their_repair() {
        let wav = Wav { rate: 8000, channels: 3, samples: vec![0; 6] };
        assert!(write(&wav).unwrap_err().to_string().contains("mono or stereo"));
        assert!(matches!(read(b"RIFF"), Err(WavError::Damaged(_))));
    }
}
