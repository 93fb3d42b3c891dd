// Nothing here sleeps a fixed time: what must become true is asked for again and again until a deadline.

import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks `probe` until it answers something truthy and returns that. An answer that never comes is an error that names
 * `what` was awaited and says what the probe said or threw last.
 */
export async function until(what, probe, { within = 10_000, every = 50 } = {}) {
  const deadline = performance.now() + within;
  let last;
  for (;;) {
    try {
      const answer = await probe();
      if (answer) return answer;
      last = `last answer: ${JSON.stringify(answer)}`;
    } catch (error) {
      if (error.final) throw error;
      last = `last error: ${error.message}`;
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${within} ms (${last})`);
    await pause(every);
  }
}

/** An error that `until` passes on at once: waiting longer can't help. */
export function final(message) {
  return Object.assign(new Error(message), { final: true });
}
