export { GenerationDocuments } from './generation-documents.js';
export { requireWorkflowBundle, workflowBundlePath } from './locate-workflow-bundle.js';
export {
  type Orchestrator,
  type OrchestratorDeps,
  type OrchestratorOptions,
  startOrchestrator,
} from './orchestrator.js';
