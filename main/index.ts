// The library's public face: what a program may import. docs/library.md shows how it is used.
// Owns: which names are public. Not: anything behind them.
export { openModel, type OpenOptions } from './library/openModel.ts'
export type { Generation, Model } from './library/model.ts'
export type { Prompt } from './library/prompts.ts'
export type { CacheOptions, GenerateOptions, RunOptions, SamplingOptions } from './library/runOptions.ts'
export type { FwdHook } from './library/fwdHooks.ts'
export type { ModelTokenizer, ToTokensOptions } from './library/tokenizer.ts'
export type { NamedWeight, NamedWeights } from './library/namedWeights.ts'
export type { HookChoice, HookFilter } from './library/hookChoice.ts'
export type { InterventionInput, TensorSource } from './library/interventionInputs.ts'
export type { ObservedRun, RunObserver } from './library/loadedParts.ts'
export type {
  AccumulatedOptions,
  DecomposedOptions,
  FullOptions,
  HeadOptions,
  LensOptions,
  NeuronOptions,
  NormOptions,
} from './library/cacheOptions.ts'
export type { ActivationCache } from './library/activationCache.ts'
export type { ResidualStack } from './library/cacheModel.ts'
export type {
  Attribution,
  AttributionOptions,
  LensLogits,
  LensNorm,
  TokenChoice,
} from './library/directLogits.ts'
export { TrajectoryCapture, type CaptureOptions } from './library/trajectoryCapture.ts'
export { Trajectory, type StepMetadata, type TrajectoryStep } from './library/trajectory.ts'
export {
  playEpisode,
  type EpisodeOptions,
  type PlanStep,
  type PlayedEpisode,
  type StepPlan,
} from './library/episodes.ts'
export {
  collectRun,
  resumeRun,
  type ChooseStep,
  type CollectRunOptions,
  type CollectRunSettings,
} from './library/collectRun.ts'
export {
  makeVector,
  type MadeVector,
  type MakeVectorOptions,
  type MakeVectorRecipe,
} from './library/vectors.ts'
export {
  extendSweep,
  resumeSweep,
  runSweep,
  type RunSweepOptions,
  type RunSweepSettings,
} from './library/sweeps.ts'
export { openEnvironment, type OracleChoice } from './library/shippedEnvironments.ts'
export { pathPatch, type PathPatchOptions } from './library/pathPatch.ts'
export { contrastVectors, steeringVerdict } from './library/steering.ts'
export { distinctPairs, repeatedRuns } from './analysis/steering/completionFigures.ts'
export type { ContrastRows } from './analysis/steering/contrastRows.ts'
export { shuffledLabelVectors, type ContrastVectors } from './analysis/steering/contrastVectors.ts'
export { randomVectors } from './analysis/steering/controlDirections.ts'
export {
  DirectionSearch,
  type DirectionSearchOptions,
  type DirectionSearchState,
} from './analysis/steering/directionSearch.ts'
export { detectableEffect, type EffectDesign } from './analysis/steering/sensitivity.ts'
export {
  simulatedPower,
  type SimulatedPower,
  type SimulatedSweep,
} from './analysis/steering/simulatedSweep.ts'
export { upstreamTables } from './analysis/steering/sweepTables.ts'
export { targetStep, type StepEvidence, type TargetStep } from './analysis/steering/targetStep.ts'
export { orthogonalised } from './analysis/steering/vectorGeometry.ts'
export type { SteeringSweep } from './analysis/steering/verdictCard.ts'
export {
  trainProbe,
  type ProbeRecipe,
  type ProbeTrainingSettings,
  type TrainedProbe,
  type TrainProbeOptions,
} from './library/probes.ts'
export { probeFeatures, type FeatureOptions, type ProbedFeatures } from './analysis/probes/probeFeatures.ts'
export { sliceAxis, stackTensors, type AxedTensor } from './analysis/axedTensor.ts'
export { principalComponents, type PrincipalComponents } from './analysis/principalComponents.ts'
export type { ContrastDocument, ContrastSettingsInput } from './contract/contrasts.ts'
export type { SweepConditionInput, VerdictDocument, VerdictSettingsInput } from './contract/steering.ts'
export type { SweepRecord, SweepSummary } from './contract/sweeps.ts'
export type { VectorRecord } from './contract/vectors.ts'
export type { SweepTables, TableCondition } from './contract/sweepTables.ts'
export { AppError } from './contract/errors.ts'
export type { ModelShape } from './contract/models.ts'
export type { ChatMessage, RunRecord, StepRecord } from './contract/runs.ts'
export type { HookFunction, HookTensor } from './inference/hookFunctions.ts'
export type { InterventionCount } from './inference/interventionBinding.ts'
export type { PathEnd } from './inference/pathPatching.ts'
export type { StepSituation } from './jobs/playEpisode.ts'
export type { HookPoint } from './model/hookNames.ts'
export type {
  AgentMessage,
  Environment,
  EnvironmentState,
  Judgement,
  Oracle,
  StepContext,
  Transition,
} from './environments/environment.ts'
