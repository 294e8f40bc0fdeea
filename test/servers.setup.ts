import { joinTestServers, leaveTestServers } from '@tributary/testing';

/** Vitest's global set-up: servers start when a test first asks for them and end with the last test process. */
export default function setup(): () => Promise<void> {
  joinTestServers();
  return leaveTestServers;
}
