/**
 * Preloaded (`node --import`): on SIGUSR2 the process's clock jumps by the hours in the file TRIBUTARY_CHAOS_CLOCK, as after a
 * step of the system's clock. It is JavaScript's clock (`Date`) of the main thread: timers go on, as the kernel's do.
 */
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

let shiftMs = 0;
const RealDate = Date;
const now = () => RealDate.now() + shiftMs;

function JumpingDate(...args) {
  if (new.target === undefined) return new RealDate(now()).toString();
  return Reflect.construct(RealDate, args.length === 0 ? [now()] : args, new.target);
}
JumpingDate.prototype = RealDate.prototype;
Object.setPrototypeOf(JumpingDate, RealDate);
JumpingDate.now = now;

const file = process.env.TRIBUTARY_CHAOS_CLOCK;
if (file !== undefined && isMainThread) {
  globalThis.Date = JumpingDate;
  process.on('SIGUSR2', () => {
    shiftMs += Number(readFileSync(file, 'utf8')) * 3_600_000;
  });
}
