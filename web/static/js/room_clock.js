/**
 * The room's clock in this browser: which session frame the client hears now.
 *
 * Every heartbeat says at which monotonic time the room hears which frame. The message takes a while to arrive, never less than
 * nothing, so the least (arrival - mono) of the last minute is nearest to the truth; it is approached slowly, so that the picture
 * never jumps, and at once where it is more than a tenth of a second off.
 */

const KEPT_SAMPLES = 60;
const SLEW_SHARE = 0.25;
const JUMP_MS = 100;

export class RoomClock {
  #clock = null;
  #delays = [];
  #offsetMs = null;
  #bootId = null;

  /** Take a `clock` {frame, mono_ns, frames_per_s} that arrived at `nowMs` of performance.now(). */
  hear(clock, bootId, nowMs) {
    if (!clock) return;
    if (bootId !== this.#bootId) this.#forget(bootId);
    this.#clock = clock;
    this.#delays.push(nowMs - clock.mono_ns / 1e6);
    if (this.#delays.length > KEPT_SAMPLES) this.#delays.shift();
    const least = Math.min(...this.#delays);
    if (this.#offsetMs === null || Math.abs(least - this.#offsetMs) > JUMP_MS) this.#offsetMs = least;
    else this.#offsetMs += (least - this.#offsetMs) * SLEW_SHARE;
  }

  /** The frame that is heard at `nowMs`; null before the first heartbeat. */
  frameAt(nowMs) {
    if (this.#clock === null || this.#offsetMs === null) return null;
    const sinceS = (nowMs - this.#offsetMs - this.#clock.mono_ns / 1e6) / 1000;
    return this.#clock.frame + sinceS * this.#clock.frames_per_s;
  }

  #forget(bootId) {
    this.#bootId = bootId;
    this.#delays = [];
    this.#offsetMs = null;
  }
}

export const roomClock = new RoomClock();
