export type { ApiDeps, ApiOptions } from './api-deps.js';
export { createApiServer } from './api-server.js';
export { type ApiEnvironment, readEnvironment } from './environment.js';
