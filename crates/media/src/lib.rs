//! RTP, codecs, tones, WAV, prompts, and the relay.
