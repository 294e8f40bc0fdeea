import type { LogLevel, LogMetadata, Logger as TemporalLogger } from '@temporalio/worker';
import type { Logger } from '@tributary/telemetry';

/** Sends what the Temporal SDK logs to ours. Its debug messages are ours at `trace`: there are many. */
export function temporalLogger(log: Logger): TemporalLogger {
  const to =
    (level: 'trace' | 'info' | 'warn' | 'error') =>
    (message: string, meta?: LogMetadata): void =>
      log[level]({ ...meta, from: 'temporal' }, message);
  const levels = { TRACE: to('trace'), DEBUG: to('trace'), INFO: to('info'), WARN: to('warn'), ERROR: to('error') };
  return {
    trace: levels.TRACE,
    debug: levels.DEBUG,
    info: levels.INFO,
    warn: levels.WARN,
    error: levels.ERROR,
    log: (level: LogLevel, message, meta) => levels[level](message, meta),
  };
}
