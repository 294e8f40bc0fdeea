export { agreedStop, bitOf, controlBits } from './control-bits.js';
export { generateTexts } from './generate-texts.js';
export { memberPlan } from './member-plan.js';
export { patientStore, serverIsAway } from './patient-store.js';
export { modelOf, specOf, taskOf } from './prepared-model.js';
export { type InitSource, resolveInit } from './resolve-init.js';
export { partNames } from './state-parts.js';
export { Trainer } from './trainer.js';
export type { TrainerDeps, TrainerOptions, TrainerProgress } from './trainer-types.js';
