export type { ComplianceCase } from './collectives/compliance-case.js';
export { type ExchangeComplianceDeps, exchangeCompliance } from './collectives/exchange-compliance.js';
export {
  type CreateExchange,
  type Exchange,
  type ExchangeRun,
  type Placement,
  runExchange,
} from './collectives/exchange-run.js';
export { contributionOf, membersOf, optionsOf, type Scenario, scenario } from './collectives/exchange-scenario.js';
export { type Faults, faultyNetwork } from './collectives/faulty-network.js';
export { type OpenNetwork, transportCompliance } from './collectives/transport-compliance.js';
export type { BackendCheck, BackendComplianceDeps } from './compute/backend-check.js';
export { backendCompliance } from './compute/backend-compliance.js';
export { type SoftwareVulkanHere, useSoftwareVulkan } from './compute/software-vulkan.js';
export { type NatsOperator, natsKey, natsOperator } from './nats/nats-credentials.js';
export { type OwnNatsServer, ownNatsServer } from './nats/own-nats-server.js';
export { type TestCertificates, testCertificates } from './nats/test-certificates.js';
export { objectStoreCompliance } from './object-store-compliance.js';
export { freePort } from './servers/free-port.js';
export { type S3Server, s3Server } from './servers/s3-server.js';
export { emptyDatabase, type TemporaryDatabase, temporaryDatabase } from './servers/temporary-database.js';
export { temporaryNamespace } from './servers/temporary-namespace.js';
export {
  joinTestServers,
  leaveTestServers,
  stopTestServers,
  type TestServers,
  testServers,
} from './servers/test-servers.js';
export { mutateText } from './text/mutate-text.js';
