import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  /** Which process speaks: `recorder`, `worker`, … */
  readonly service: string;
  /** Default `info`. */
  readonly level?: LogLevel | undefined;
  /** Default standard output. */
  readonly destination?: DestinationStream;
}

/** JSON lines: `{"level":"info","time":"…Z","service":"…",…,"msg":"…"}`. */
export function createLogger({ service, level = 'info', destination }: LoggerOptions): Logger {
  const settings = {
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination ? pino(settings, destination) : pino(settings);
}
