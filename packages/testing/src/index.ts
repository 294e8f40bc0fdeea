export { freePort } from './servers/free-port.js';
export { emptyDatabase, type TemporaryDatabase, temporaryDatabase } from './servers/temporary-database.js';
export { temporaryNamespace } from './servers/temporary-namespace.js';
export { joinTestServers, leaveTestServers } from './servers/test-processes.js';
export { stopTestServers, type TestServers, testServers } from './servers/test-servers.js';
