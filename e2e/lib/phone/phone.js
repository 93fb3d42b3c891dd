// What every phone of these tests can do, whatever program it is: say a tone, and tell what it hears.

import { until } from "../deadline.js";
import { isSilent, isTone } from "../tone.js";

const HALF_A_SECOND = 4000; // samples at 8000 Hz

export class Phone {
  /** `name` is for error messages; `tone` (Hz) is what the phone says in every call. */
  constructor(name, tone) {
    this.name = name;
    this.tone = tone;
  }

  /** Waits until this phone hears, from now on, half a second of a tone of `hz` and nothing else. */
  async hears(hz) {
    let start = (await this.heard()).length;
    await this.until(`a tone of ${hz} Hz`, async () => {
      const samples = await this.heard();
      start = Math.min(start, samples.length); // a new call may begin a new recording
      return samples.length >= start + HALF_A_SECOND && isTone(hz, samples);
    });
  }

  /** Waits until this phone has heard nothing, or silence, for half a second: on hold, or after the call. */
  async hearsNothing() {
    let length = (await this.heard()).length;
    let loudAt = performance.now();
    await this.until("silence", async () => {
      const samples = await this.heard();
      if (!isSilent(samples.subarray(length))) loudAt = performance.now();
      length = samples.length;
      return performance.now() - loudAt > 500;
    });
  }

  /** Waits for something to become true of this phone; fails at once, with its last words, if its program ends. */
  until(what, probe, options) {
    const guarded = () => {
      this.program.mustRun();
      return probe();
    };
    return until(`${this.name} (${this.tone} Hz): ${what}`, guarded, options);
  }
}
