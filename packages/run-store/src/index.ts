export {
  addCheckpointPart,
  adoptCheckpoint,
  type CheckpointPartRow,
  type CheckpointRow,
  commitCheckpoint,
  deleteCheckpoint,
  deletedCheckpoints,
  forgetCheckpoints,
  listCheckpoints,
  recordDivergedPart,
  unneededParts,
} from './checkpoints.js';
export { type BestRun, type BestRunsOptions, bestRuns } from './comparison/best-runs.js';
export { changedFields } from './comparison/changed-fields.js';
export {
  type ComparedMetric,
  type ComparedMetricValue,
  type CompareOptions,
  type Comparison,
  compareRuns,
  mostComparedRuns,
} from './comparison/compare-runs.js';
export { diffRuns, type RunDiff } from './comparison/diff-runs.js';
export { familyOf, mostRelatives, type RunFamily } from './comparison/run-family.js';
export {
  type Conflicts,
  type ConflictsOptions,
  conflicts,
  defaultConflictBuckets,
  type PairConflicts,
  type PairStatistics,
} from './conflicts.js';
export {
  type DatabaseOptions,
  type Db,
  isStatementTimeout,
  isTransientDatabaseError,
  openDatabase,
  type RunDatabase,
  type Trx,
} from './database.js';
export { type ExperimentRow, findExperiment, listExperiments } from './experiments.js';
export type { ExportedRuns } from './export/export-session.js';
export { exportParquet } from './export/parquet-export.js';
export { exportJsonLines } from './export/run-export.js';
export { type ImportOptions, type ImportResult, importRuns } from './export/run-import.js';
export { exportCsv, exportHistoryCsv } from './export/table-export.js';
export {
  endGeneration,
  type GenerationEnding,
  type GenerationRow,
  generationsOf,
  laterGenerations,
  type NewGeneration,
  newestGeneration,
  recordGeneration,
} from './generations.js';
export {
  commitsOf,
  countDivergences,
  type DivergenceRow,
  divergencesOf,
  type HistoryOptions,
  history,
  type LineageRow,
  lineageOf,
  type MemberEndRow,
  membersEnded,
  type SeriesSummary,
  type StoredSample,
  samplesOf,
  seriesSummaries,
} from './history.js';
export { inTransaction } from './in-transaction.js';
export { deviceType } from './lease-choice.js';
export { freeWorkersFor, type LeaseTopUp, type OfferQuery, topUpLease } from './lease-growth.js';
export {
  type LeaseRequest,
  type LeaseRow,
  leaseQueue,
  leaseRequestSilenceMs,
  leasesOf,
  listLeases,
  releaseLeases,
  releaseLeasesOfEndedRuns,
  tryLease,
} from './leases.js';
export {
  type LedgerOptions,
  type LedgerRow,
  ledgerOf,
  type SnapshotHashRow,
  type StepRange,
  snapshotHashesOf,
} from './ledger.js';
export {
  downsampledHistory,
  endsOf,
  fewestPoints,
  type HistoryPoint,
  type MetricSeries,
  requireMetric,
} from './metric-history.js';
export { migrateToLatest } from './migrate.js';
export { type PostgresFigures, postgresFigures } from './postgres-figures.js';
export { checkpointsGivenUp } from './retention.js';
export { contentsOf, type LastValue, type RunContents } from './run-contents.js';
export { changeTags, paramsOf, setArchived, setNote, type TagChanges, tagsOf } from './run-labels.js';
export { longestParam, type RunParam, runParams } from './run-params.js';
export { countRunsGivenUp, giveUpRuns, type PurgeOptions, purgeRun, runsGivenUp } from './run-purge.js';
export { generationTimeOf, recordGenerationTime, runTimeOf, runTimesOf } from './run-times.js';
export {
  type AttemptRow,
  activeRuns,
  attemptsOf,
  createRun,
  endAttempt,
  findRun,
  forksOf,
  isLegalTransition,
  type NewRun,
  type RunRow,
  requireRun,
  runsNamed,
  setPrepared,
  setRunState,
  startAttempt,
  stepsAwaitedFrom,
  type TaskRow,
  tasksOf,
  unknownRuns,
} from './runs.js';
export type { Schema, SeriesKind } from './schema.js';
export { type ColumnValue, columnValues } from './search/column-values.js';
export { matchingRuns } from './search/matching-runs.js';
export { isPageToken } from './search/page-token.js';
export { type RunPage, type RunSummaryRow, type SearchOptions, searchRuns } from './search/search-runs.js';
export { listWorkers, quarantineWorker, upsertWorker, type WorkerBeacon, type WorkerRow } from './workers.js';
export { type DivergedPoint, type WriteFaults, type WriteResult, writeRecords } from './write-records.js';
