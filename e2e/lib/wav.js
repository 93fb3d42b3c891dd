// WAV files of 16-bit mono samples, read also while they still grow: a recorder fills in the lengths only at its end.

import { readFile, writeFile } from "node:fs/promises";

export async function writeWav(path, samples, rate = 8000) {
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + bytes.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(bytes.length, 40);
  await writeFile(path, Buffer.concat([header, bytes]));
}

/** `{ samples, rate, channels }`; of several channels the samples are interleaved. */
export async function readWav(path) {
  const file = await readFile(path);
  if (file.length === 0) return { samples: new Int16Array(0), rate: 8000, channels: 1 }; // nothing was written yet
  return decodeWav(file, path);
}

/** The same of bytes that are there already; `name` is for error messages. */
export function decodeWav(file, name = "this") {
  if (file.toString("latin1", 0, 4) !== "RIFF") throw new Error(`${name} is no WAV file`);
  let format = { rate: 8000, channels: 1 };
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString("latin1", at, at + 4);
    const length = file.readUInt32LE(at + 4);
    at += 8;
    if (name === "fmt ") {
      const bits = file.readUInt16LE(at + 14);
      if (bits !== 16) throw new Error(`${name} has ${bits} bits per sample; 16 are understood`);
      format = { channels: file.readUInt16LE(at + 2), rate: file.readUInt32LE(at + 4) };
    } else if (name === "data") {
      const end = length === 0 || at + length > file.length ? file.length : at + length;
      const samples = new Int16Array((end - at) >> 1);
      for (let n = 0; n < samples.length; n++) samples[n] = file.readInt16LE(at + 2 * n);
      return { samples, ...format };
    }
    at += length + (length & 1);
  }
  return { samples: new Int16Array(0), ...format };
}

/** One channel of what `decodeWav` returned. */
export function channel({ samples, channels }, n) {
  return samples.filter((_, at) => at % channels === n);
}
