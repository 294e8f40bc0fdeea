export { type Catalogue, catalogue } from './catalogue.js';
export { metricPrefix } from './definitions.js';
export { createLogger, type Logger, type LoggerOptions, type LogLevel, logLevels } from './logger.js';
export { createMetrics, type Metrics, type ObservedStep } from './metrics.js';
export {
  announceTarget,
  type MetricsServer,
  type ServeMetricsOptions,
  serveMetrics,
  withdrawTarget,
} from './serve-metrics.js';
export { createServingMetrics, type ServingMetrics } from './serving.js';
