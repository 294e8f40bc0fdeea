/** What the chaos driver can do to a stack that trains. Times in seconds. */
export type Fault =
  | { readonly kind: 'kill-trainer'; readonly worker: string }
  /** The trainer kills itself at a point of its own code, at its `count`-th passing. */
  | { readonly kind: 'trainer-point'; readonly worker: string; readonly point: string; readonly count: number }
  | { readonly kind: 'kill-agent'; readonly worker: string; readonly awayS: number }
  | { readonly kind: 'drain-agent'; readonly worker: string; readonly awayS: number }
  | { readonly kind: 'kill-service'; readonly service: Service; readonly awayS: number }
  | { readonly kind: 'recorder-point'; readonly point: string; readonly count: number }
  | { readonly kind: 'stop-trainer'; readonly worker: string; readonly stoppedS: number }
  | { readonly kind: 'stop-worker'; readonly worker: string; readonly stoppedS: number }
  | { readonly kind: 'restart-server'; readonly server: Server; readonly signal: KillSignal; readonly awayS: number }
  | { readonly kind: 'cut-network'; readonly worker: string; readonly cutS: number }
  | { readonly kind: 'corrupt-checkpoint'; readonly damage: Damage; readonly awayS: number }
  | { readonly kind: 'repeat-messages'; readonly late: boolean }
  | { readonly kind: 'clock-jump'; readonly process: string; readonly hours: number };

export type FaultKind = Fault['kind'];
export type Service = 'orchestrator' | 'recorder' | 'api';
export type Server = 'nats' | 'temporal' | 'postgres';
export type KillSignal = 'SIGKILL' | 'SIGTERM';
export type Damage = 'bit-flipped' | 'truncated' | 'deleted';

/** A fault and when it strikes: `delayMs` after the run has done `step` steps and has recovered from the fault before. */
export interface Strike {
  readonly step: number;
  readonly delayMs: number;
  readonly fault: Fault;
}

/** Under which name recovery times are summed up: what was done, to what. */
export function faultLabel(fault: Fault): string {
  switch (fault.kind) {
    case 'kill-service':
      return `kill ${fault.service}`;
    case 'restart-server':
      return `restart ${fault.server}`;
    case 'kill-trainer':
      return 'kill trainer';
    case 'trainer-point':
      return 'kill trainer at a point';
    case 'kill-agent':
      return 'kill agent';
    case 'drain-agent':
      return 'drain agent';
    case 'recorder-point':
      return 'kill recorder at a point';
    case 'stop-trainer':
      return 'stop trainer';
    case 'stop-worker':
      return fault.stoppedS > graceS ? 'stop worker beyond grace' : 'stop worker within grace';
    case 'cut-network':
      return fault.cutS > graceS ? 'cut network beyond grace' : 'cut network within grace';
    case 'corrupt-checkpoint':
      return 'corrupt checkpoint, lose all';
    case 'repeat-messages':
      return fault.late ? 'late messages' : 'duplicate messages';
    case 'clock-jump':
      return 'clock jump';
  }
}

/** Silence after which a worker's lanes move: the beacons' silence and the run's `workers.grace`. */
export const graceS = 8;

/** All of a fault in one line, for people and for comparing schedules. */
export function describeFault(fault: Fault): string {
  // The label has said these.
  const said = ['kind', 'service', 'server'];
  const details = Object.entries(fault).filter(([name]) => !said.includes(name));
  return [faultLabel(fault), ...details.map(([name, value]) => `${name}=${value}`)].join(' ');
}
