export {
  findChromium,
  type HeadlessChromium,
  type HeadlessChromiumResult,
  installChromium,
} from './browser/chromium.js';
export { type ChitchatWheel, fetchChitchatWheel, type WheelRequest } from './corpora/chitchat-wheel.js';
export { type FetchedIndices, fetchDebianIndices, type IndicesRequest } from './corpora/debian-indices.js';
export { type BackendFinding, backendKinds, type ProbedBackend, probeBackend } from './doctor/backend-checks.js';
export { doctor } from './doctor/doctor.js';
export type { DoctorCheck } from './doctor/doctor-check.js';
export {
  natsControlUser,
  natsMaxPayloadBytes,
  natsMaxPendingBytes,
  natsRuntimeEnvironment,
  natsWorkerUser,
} from './nats/nats-configuration.js';
export { provisionJetStream } from './nats/provision-jetstream.js';
export { workerPermissions } from './nats/worker-permissions.js';
export { postgresUrl } from './postgres/postgres-unit.js';
export { prometheusUrl } from './prometheus/prometheus-unit.js';
export { ensureServer, type FoundServer } from './servers/build-server.js';
export { findServer, type ServerBinary } from './servers/find-server.js';
export { type GoServerName, type GoServerRelease, goServers, s3Gateway } from './servers/release.js';
export {
  controlEnvironment,
  type ServiceEnvironment,
  type WorkerPlacement,
  workerEnvironment,
} from './services/service-environment.js';
export { apiUrl, consoleLink, consoleUrl, controlServices } from './services/service-unit.js';
export type { Report } from './setup/command.js';
export { type ExclusiveOptions, exclusively } from './setup/exclusive.js';
export { cacheFolder, corporaFolder, repositoryRoot } from './setup/folders.js';
export {
  benchMlflowPython,
  benchPython,
  mlflowPython,
  type PythonEnvironmentOptions,
  qualityPython,
} from './setup/python-environment.js';
export { type DownOptions, down, purge } from './stack/down.js';
export { readSecret, type SecretName, secretFile } from './stack/secrets.js';
export { readStackDocument, type StackDocument, type StackPorts } from './stack/stack-document.js';
export { type StackFolders, stackFolders, stackFoldersIn } from './stack/stack-folders.js';
export { type DiskUse, diskUse, logFiles, status, type UnitStatus } from './stack/status.js';
export { plainSteps, type StepRunner, terminalSteps } from './stack/steps.js';
export { type ServerName, serverNames } from './stack/units.js';
export { type RunningStack, startServers, type UpOptions, up } from './stack/up.js';
export { temporalAddress, temporalNamespace, temporalUiUrl } from './temporal/temporal-unit.js';
export { installTensorflow, type TensorflowResult } from './tensorflow/install-tensorflow.js';
export {
  findSwiftshader,
  installSwiftshader,
  type SoftwareVulkan,
  type SoftwareVulkanResult,
} from './vulkan/swiftshader.js';
