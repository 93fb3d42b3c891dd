// Tones: a phone says who it is by a sine of its own, and what another phone heard is checked for it.

/** 16-bit samples of a sine at `hz`, a quarter of full scale: loud enough to find, far from clipping. */
export function sine(hz, { seconds, rate = 8000 }) {
  const samples = new Int16Array(Math.round(seconds * rate));
  for (let n = 0; n < samples.length; n++) samples[n] = Math.round(8192 * Math.sin((2 * Math.PI * hz * n) / rate));
  return samples;
}

/** The share (0 to 1) of the sound's energy that lies at `hz`, by Goertzel's algorithm. Silence has none. */
export function shareAt(hz, samples, rate = 8000) {
  if (isSilent(samples)) return 0;
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let energy = 0;
  let before = 0;
  let beforeThat = 0;
  for (const sample of samples) {
    const now = sample + coefficient * before - beforeThat;
    beforeThat = before;
    before = now;
    energy += sample * sample;
  }
  const power = before * before + beforeThat * beforeThat - coefficient * before * beforeThat;
  return (2 * power) / (samples.length * energy);
}

/** Whether the last half second of `samples` is, but for a little noise, a tone at `hz`. */
export function isTone(hz, samples, rate = 8000) {
  const last = samples.subarray(-rate / 2);
  return last.length >= rate / 2 && shareAt(hz, last, rate) > 0.8;
}

/** Whether most of `samples` is a tone at `hz`, whatever else is in it for a while. */
export function isMostlyTone(hz, samples, rate = 8000) {
  const step = rate / 4;
  let told = 0;
  let steps = 0;
  for (let at = 0; at + step <= samples.length; at += step, steps++) {
    if (shareAt(hz, samples.subarray(at, at + step), rate) > 0.8) told++;
  }
  return steps > 0 && told / steps > 0.7;
}

/** Whether nothing in `samples` is louder than the quantisation noise of a telephone codec. */
export function isSilent(samples) {
  return samples.every((sample) => Math.abs(sample) < 100);
}
