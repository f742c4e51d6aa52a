// The catalogue of every error a user can meet.
// Owns: codes, wording and the cure for each. Not: when they are thrown (the room that meets the fault does that).
// `scripts/printErrors.ts` turns this file into docs/errors.md.

/** What crosses a process boundary when something goes wrong. */
export interface ErrorReport {
  code: string
  /** One line: what kind of fault it is. */
  title: string
  /** What happened, with the offending value. */
  message: string
  /** What to do about it. */
  cure: string
  details: Record<string, unknown>
}

/** The only error class that reaches a user. Anything else is a fault of the program. */
export class AppError extends Error {
  readonly code: string
  readonly title: string
  readonly cure: string
  readonly details: Record<string, unknown>
  constructor(report: ErrorReport, cause?: unknown) {
    super(report.message, { cause })
    this.name = 'AppError'
    this.code = report.code
    this.title = report.title
    this.cure = report.cure
    this.details = report.details
  }
  report(): ErrorReport {
    const { code, title, message, cure, details } = this
    return { code, title, message, cure, details }
  }
}

interface Entry<P> {
  title: string
  message: (p: P) => string
  cure: string | ((p: P) => string)
}
const entry = <P>(title: string, message: (p: P) => string, cure: Entry<P>['cure']): Entry<P> => ({
  title,
  message,
  cure,
})

type PathOnly = { path: string }
type PathReason = { path: string; reason: string }

/** Each entry: title, what happened, what to do. Rooms add theirs under their own heading, sorted by topic. */
export const catalogue = {
  // Any room
  internalError: entry<{ reason: string }>(
    'Something went wrong inside Innerview',
    (p) => p.reason,
    'This is a fault of the program. Please report it with the log from the workspace folder.',
  ),
  invalidInput: entry<{ field: string; reason: string }>(
    'A setting is not valid',
    (p) => `${p.field}: ${p.reason}`,
    (p) => `Correct “${p.field}” and try again.`,
  ),
  notFound: entry<{ kind: string; id: string }>(
    'Not in this workspace',
    (p) => `There is no ${p.kind} “${p.id}” in this workspace.`,
    (p) => `List what there is (for instance with “${p.kind}s list”) and use one of those names.`,
  ),

  // analysis/
  activationsNotFinite: entry<{ episode: number; step: number; value: string }>(
    'Activations hold something that is no number',
    (p) => `The activations of episode ${p.episode}, step ${p.step} hold ${p.value}.`,
    'Leave that step out, or collect it again: an intervention too strong or weights that overflow give such values.',
  ),
  probeNoRows: entry<{ purpose: string }>(
    'There is nothing to probe',
    (p) => `No row is left to ${p.purpose}.`,
    'Choose other runs, or fewer filters.',
  ),
  probeOneClass: entry<{ where: string; name: string; n: number }>(
    'All rows have the same label',
    (p) => `The ${p.n} rows ${p.where} all belong to “${p.name}”: there is nothing to tell apart.`,
    'Choose another label, more runs, or another split.',
  ),
  probeTooFewGroups: entry<{ groups: number; needed: number; unit: string }>(
    'Too few episodes for this split',
    (p) => `The split needs ${p.needed} ${p.unit}, there are ${p.groups}.`,
    'Collect more episodes, or ask for fewer folds.',
  ),
  probeNoCategories: entry<{ categories: number }>(
    'The tasks have no categories',
    (p) => `Leaving one category out needs at least two; there are ${p.categories}.`,
    'Split by episode or by object.',
  ),
  probeNotFinite: entry<{ row: number; column: number; value: string }>(
    'A feature is not a number',
    (p) => `Row ${p.row}, column ${p.column} is ${p.value}.`,
    'Leave that row out, or look for what made it: half-precision activations can overflow.',
  ),
  probeTooLarge: entry<{ bytes: number }>(
    'The features do not fit into memory',
    (p) => `${p.bytes} bytes would be needed; 4294967296 can be had.`,
    'Choose fewer rows, for instance by a filter on steps.',
  ),
  probeUnsuited: entry<{ estimator: string; classes: number; reason: string }>(
    'This probe cannot learn these labels',
    (p) => `${p.estimator} with ${p.classes} classes: ${p.reason}.`,
    'Choose logistic regression with the lbfgs solver, LDA or the MLP.',
  ),

  // model/
  modelPathMissing: entry<PathOnly>(
    'No model there',
    (p) => `${p.path} does not exist.`,
    'Give the path of a Hugging Face model folder or of a .gguf file.',
  ),
  modelFileMissing: entry<{ path: string; file: string }>(
    'The model is incomplete',
    (p) => `${p.path} has no ${p.file}.`,
    (p) => `Put ${p.file} into the folder (download the model again) and add it once more.`,
  ),
  modelTruncated: entry<{ path: string; expectedBytes: number; actualBytes: number }>(
    'A weights file is cut short',
    (p) => `${p.path} should have at least ${p.expectedBytes} bytes but has ${p.actualBytes}.`,
    'The download was interrupted. Download the file again.',
  ),
  modelMalformed: entry<PathReason>(
    'A model file cannot be read',
    (p) => `${p.path}: ${p.reason}`,
    'The file is damaged or not what its name says. Download it again from its source.',
  ),
  architectureUnsupported: entry<{ path: string; architecture: string; supported: string[] }>(
    'This architecture is not supported',
    (p) => `${p.path} is of architecture “${p.architecture}”.`,
    (p) => `Supported: ${p.supported.join(', ')}.`,
  ),
  adapterBaseMissing: entry<{ path: string; base: string; places: string[] }>(
    'The adapter’s model is not there',
    (p) => `${p.path} is an adapter for “${p.base}”, which is in none of: ${p.places.join(', ')}.`,
    'Put that model, or a link to it, into the adapter’s folder under the name “base”.',
  ),
  adapterMismatch: entry<PathReason & { base: string }>(
    'The adapter is for another model',
    (p) => `${p.path} does not fit ${p.base}: ${p.reason}.`,
    'Give the model that the adapter was trained on, as “base” in the adapter’s folder or in its adapter_config.json.',
  ),
  modelUnsupported: entry<PathReason>(
    'This model uses something that is not supported',
    (p) => `${p.path}: ${p.reason}`,
    'Choose another variant of the model (for instance fp16 safetensors, or GGUF Q4_1, Q8_0 or a K-quant).',
  ),
  dtypeUnavailable: entry<{ path: string; dtype: string; reason: string }>(
    'The model cannot be computed with this dtype',
    (p) => `${p.path} cannot be computed with ${p.dtype}: ${p.reason}.`,
    'float32 works with every model; int8 and int4 with models of floats; gguf with quantised GGUF files.',
  ),
  tokenizerInvalid: entry<PathReason>(
    'The tokeniser cannot be read',
    (p) => `${p.path}: ${p.reason}`,
    'Download tokenizer.json (or the GGUF file) again.',
  ),
  chatTemplateFailed: entry<PathReason>(
    'The chat template failed',
    (p) => `${p.path}: ${p.reason}`,
    'Use a model whose chat template accepts system and user messages, or leave the system prompt empty.',
  ),
  modelChanged: entry<PathOnly>(
    'The model has changed on disk',
    (p) => `${p.path} no longer has the hash it had when it was added.`,
    'Add the model again; runs made with the old weights keep their own manifest.',
  ),
  hookUnknown: entry<{ hook: string; near: string[] }>(
    'No such hook point',
    (p) => `“${p.hook}” is not a hook point of this model.`,
    (p) =>
      p.near.length ? `Did you mean ${p.near.join(' or ')}?` : 'See docs/hook-points.md for the names.',
  ),
  hookNotStored: entry<{ hook: string }>(
    'A run cannot keep this hook point',
    (p) => `${p.hook} has a value for every earlier position, so no two steps have vectors of one width.`,
    'Choose other hook points for the run; “run --capture” gives scores and patterns of one prompt, and a stored step’s tokens can be run again.',
  ),
  layerOutOfRange: entry<{ layer: number; layers: number }>(
    'No such layer',
    (p) => `Layer ${p.layer} was asked for; the model has layers 0 to ${p.layers - 1}.`,
    'Choose a layer in that range.',
  ),
  fileUnwritable: entry<PathReason>(
    'A file cannot be written',
    (p) => `${p.path}: ${p.reason}`,
    'Check that its folder exists and may be written, or choose another place.',
  ),
  notEnoughMemory: entry<{ neededBytes: number; freeBytes: number }>(
    'Not enough memory',
    (p) =>
      `About ${(p.neededBytes / 2 ** 30).toFixed(1)} GiB are needed and ${(p.freeBytes / 2 ** 30).toFixed(1)} GiB are free.`,
    'Close other programs, lower the batch size, or choose a smaller model.',
  ),

  // inference/
  promptTooLong: entry<{ tokens: number; limit: number }>(
    'The prompt does not fit',
    (p) => `The prompt has ${p.tokens} tokens; ${p.limit} fit beside the answer.`,
    'Shorten the system prompt, lower the number of new tokens, or choose a model with a longer context.',
  ),
  tokenOutOfRange: entry<{ id: number; vocabulary: number }>(
    'No such token',
    (p) => `Token id ${p.id} was given; the vocabulary has ids 0 to ${p.vocabulary - 1}.`,
    'Use ids of this model’s own tokeniser.',
  ),
  logitsNotFinite: entry<{ largest: number }>(
    'The model gives no numbers',
    (p) => `The logits hold values that are not finite (the largest is ${p.largest}).`,
    'Where interventions act, one of them is the likely cause: lower its α, or ablate no divisor (hook_scale). Without any the weights are damaged, or overflow in this precision: run “models check” on the model.',
  ),
  interventionInvalid: entry<{ intervention: string; reason: string }>(
    'An intervention cannot be applied',
    (p) => `Intervention “${p.intervention}”: ${p.reason}.`,
    'Correct it as docs/interventions.md describes; nothing was run.',
  ),
  interventionsTooMany: entry<{ hook: string; most: number }>(
    'Too many interventions meet one token',
    (p) =>
      `At ${p.hook} one token meets more than ${p.most} interventions, which is all that a graph has room for.`,
    'Put several into one: name several heads in one intervention, add vectors up before, or give a patch that holds all positions.',
  ),
  interventionWidth: entry<{
    intervention: string
    what: string
    hook: string
    expected: number
    actual: number
  }>(
    'An intervention’s vector has another width',
    (p) =>
      `The ${p.what} of intervention “${p.intervention}” has ${p.actual} values; ${p.hook} has ${p.expected} in a row.`,
    'Use a vector taken from this model at this hook point.',
  ),
  interventionNotFinite: entry<{ intervention: string; what: string; place: number; value: string }>(
    'An intervention’s numbers hold something that is no number',
    (p) => `The ${p.what} of intervention “${p.intervention}” holds ${p.value} (value ${p.place}).`,
    'Make the vector again from activations that are finite.',
  ),
  interventionForeign: entry<{ intervention: string; what: string; expected: string; actual: string }>(
    'An intervention’s activations come from another model',
    (p) =>
      `The activations of intervention “${p.intervention}” were taken with ${p.what} ${p.actual}; this model has ${p.expected}.`,
    'Use activations of this model; with another tokeniser, positions do not mean the same tokens.',
  ),
  interventionSourceMissing: entry<{ intervention: string; source: string; reason: string }>(
    'An intervention’s activations cannot be read',
    (p) => `Intervention “${p.intervention}” wants ${p.source}: ${p.reason}.`,
    'Check the path and the tensor’s name, or the run and its capture settings.',
  ),
  interventionNowhere: entry<{ intervention: string; positions: string; tokens: number }>(
    'An intervention names positions that the prompt does not have',
    (p) =>
      `Intervention “${p.intervention}” (${p.positions}) is not met in this prompt of ${p.tokens} tokens.`,
    'Name positions that every prompt has (lastPrompt, or negative ones), or say "ifAbsent": "skip".',
  ),
  interventionNeverFired: entry<{ intervention: string; positions: string }>(
    'An intervention met no token',
    (p) => `Intervention “${p.intervention}” (${p.positions}) was never applied.`,
    'Change its positions or steps, or say "ifAbsent": "skip" where that is no fault.',
  ),
  interventionUnused: entry<{ id: string; steps: number; unused: readonly string[] }>(
    'An intervention met no token in the whole run',
    (p) => `In the ${p.steps} steps of run ${p.id} nothing was met by ${p.unused.join(', ')}.`,
    'The rows are kept; they are those of a run without it. Correct its positions or steps, or leave it out, and start another run.',
  ),
  modelClosed: entry<{ model: string }>(
    'The model is closed',
    (p) => `“${p.model}” was closed; it answers nothing any more.`,
    'Open it again, and close it after its last answer has come: await what runs before the end of an “await using” block.',
  ),
  modelUnknown: entry<{ name: string; near: string[] }>(
    'No such model',
    (p) => `“${p.name}” is no file or folder, and no model of a workspace has that name.`,
    (p) =>
      `Give the path of a Hugging Face folder or a GGUF file, or a name that “models list” shows${p.near.length > 0 ? `; near it: ${p.near.join(', ')}` : ''}.`,
  ),
  sessionLost: entry<{ reason: string }>(
    'The inference worker stopped',
    (p) => p.reason,
    'Resume the run: what was stored is kept. If it happens again, lower the batch size.',
  ),

  deviceUnavailable: entry<{ device: string; available: readonly string[] }>(
    'There is no such device here',
    (p) => `ONNX Runtime has no ${p.device} on this system; it has ${p.available.join(', ')}.`,
    'Choose one of those. What was made on a device can go on where that device is.',
  ),
  deviceUnchecked: entry<{ device: string; dtype: string; path: string; reason: string }>(
    'The device is not used for this model',
    (p) => `${p.path} in ${p.dtype} is not computed on ${p.device}, because ${p.reason}.`,
    'Check the device in Models, or with “models check --device”; the processor (cpu) needs no check.',
  ),

  // environments/
  selectionEmpty: entry<{ selection: string; available: number }>(
    'The selection is empty',
    (p) => `“${p.selection}” selects none of the ${p.available} tasks.`,
    'Use for instance :5 (the sixth), :0:10 (the first ten) or @2/8 (shard two of eight, counted from 0).',
  ),
  selectionInvalid: entry<{ selection: string }>(
    'The selection cannot be read',
    (p) => `“${p.selection}” is not a selection.`,
    'Use :N for one task, :A:B for a range, @I/N for a shard.',
  ),
  objectsUnknown: entry<{ objects: string[] }>(
    'The knowledge base does not know these objects',
    (p) =>
      `It holds no facts about ${p.objects.slice(0, 10).join(', ')}${p.objects.length > 10 ? ' …' : ''}.`,
    'Use objects of the shipped list, or let a model (oracle openai) or a person (oracle human) answer.',
  ),
  resourceInvalid: entry<PathReason>(
    'A file that ships with Innerview cannot be read',
    (p) => `${p.path}: ${p.reason}`,
    'Install Innerview again; if you changed the file, undo the change.',
  ),
  oracleUnreachable: entry<{ baseUrl: string; reason: string }>(
    'The oracle does not answer',
    (p) => `${p.baseUrl}: ${p.reason}`,
    'Check that the server runs; a run that failed can then be resumed. With another address, run it again as a new run. The knowledge-base oracle needs no server.',
  ),
  oracleRefused: entry<{ baseUrl: string; status: number; reason: string }>(
    'The oracle refused the request',
    (p) => `${p.baseUrl} answered ${p.status}: ${p.reason}`,
    'Check the key; a run that failed can then be resumed. With another model’s name, run it again as a new run.',
  ),
  oracleNonsense: entry<{ answer: string }>(
    'The oracle’s answer is not a verdict',
    (p) => `Expected “Yes.”, “No.” or “Invalid Question.” and got “${p.answer.slice(0, 120)}”.`,
    'Use a model that follows instructions as oracle, then resume the run.',
  ),
  keyStoreUnavailable: entry<{ reason: string }>(
    'The system’s key store cannot be used',
    (p) => p.reason,
    'Set the key in the environment variable INNERVIEW_ORACLE_KEY instead.',
  ),

  // store/
  workspaceLocked: entry<PathOnly>(
    'The workspace is open elsewhere',
    (p) => `Another Innerview has ${p.path} open.`,
    'Close the other window or command, or choose another workspace with --workspace.',
  ),
  workspaceNewer: entry<{ path: string; version: number; known: number }>(
    'The workspace was made by a newer Innerview',
    (p) => `${p.path} has schema ${p.version}; this version knows schemas up to ${p.known}.`,
    'Update Innerview, or choose another workspace.',
  ),
  workspaceUnwritable: entry<PathReason>(
    'The workspace cannot be written',
    (p) => `${p.path}: ${p.reason}`,
    'Check the folder’s permissions, or choose another workspace with --workspace.',
  ),
  workspaceDamaged: entry<PathReason>(
    'The workspace cannot be read',
    (p) => `${p.path}: ${p.reason}`,
    'Restore the folder from a backup, or choose another workspace.',
  ),
  workspaceMissing: entry<PathOnly>(
    'No workspace there',
    (p) => `${p.path} holds no workspace.`,
    'Check the path given with --workspace; a workspace comes into being with its first model or run.',
  ),
  workspaceOlder: entry<{ path: string; version: number; known: number }>(
    'The workspace was made by an older Innerview',
    (p) =>
      `${p.path} has schema ${p.version} which cannot be read as it is; this version reads schema ${p.known}.`,
    'Open it once for writing (start the workbench with it), which brings it up to date.',
  ),
  notCaptured: entry<{ runId: string; episode: number; step: number; hook: string; what: string }>(
    'This was not captured',
    (p) => `Run ${p.runId} has no ${p.hook} (${p.what}) for episode ${p.episode}, step ${p.step}.`,
    'Collect a run whose capture settings name this hook point and these positions.',
  ),
  runtimeTooOld: entry<{ node: string; nodeApi: string }>(
    'This Node is too old',
    (p) => `Node ${p.node} offers Node-API ${p.nodeApi}; the store needs Node-API 10.`,
    'Use Node 22.14 or newer; “npm install” puts one into node_modules/.bin, which npm scripts use.',
  ),
  diskFull: entry<PathOnly>(
    'The disk is full',
    (p) => `There is no space left to write ${p.path}.`,
    'Free some space, then resume the run: what was stored is kept.',
  ),

  // imports/
  importUnreadable: entry<PathReason>(
    'This file cannot be imported',
    (p) => `${p.path}: ${p.reason}.`,
    'Check that the file is whole and what its format’s documentation says; docs/importing.md lists what is read.',
  ),
  importRefused: entry<{ path: string; asks: string }>(
    'This file asks to run code',
    (p) => `${p.path} names ${p.asks}, which a file of tensors does not need; nothing of it was run.`,
    'Do not open it with torch.load either. Ask for the data as safetensors or as plain tensors.',
  ),

  // jobs/
  runNotResumable: entry<{ id: string; status: string }>(
    'This run cannot be resumed',
    (p) => `Run ${p.id} is ${p.status}.`,
    'Only paused, interrupted, cancelled or failed runs can be resumed. Start a new run instead.',
  ),
  runDiffers: entry<{ id: string; differences: string[] }>(
    'This run began on other ground',
    (p) => `Run ${p.id} would not go on as it began: ${p.differences.join('; ')}.`,
    'Restore what the run began with (files, versions), or start a new run with the same settings.',
  ),
  runModelGone: entry<{ id: string; model: string; name: string }>(
    'The run’s model is not in the workspace',
    (p) => `Run ${p.id} was made with ${p.name} (id ${p.model}), which has been removed.`,
    'Add that model again from its files, then resume the run; until then it stays as it is.',
  ),
  runNotActive: entry<{ id: string; status: string }>(
    'This run is not running',
    (p) => `Run ${p.id} is ${p.status}.`,
    'Only a run that is queued or running can be paused or cancelled.',
  ),
  runBusy: entry<{ id: string; status: string }>(
    'The run is busy',
    (p) => `Run ${p.id} is ${p.status}.`,
    'Cancel it first.',
  ),
  modelInUse: entry<{ id: string; runs: string[] }>(
    'The model is in use',
    (p) => `Model ${p.id} is used by ${p.runs.join(', ')}.`,
    'Cancel or finish those runs first.',
  ),
  dataSetEmpty: entry<{ runIds: string[]; steps: number; reason: string }>(
    'No step is left for the data set',
    (p) =>
      p.steps === 0
        ? `${p.runIds.join(', ')} ${p.runIds.length === 1 ? 'has' : 'have'} no steps yet.`
        : `None of the ${p.steps} steps of ${p.runIds.join(', ')} is left: ${p.reason}.`,
    'Change what is named, or collect more episodes.',
  ),
  dataSetNotCaptured: entry<{ hook: string; missing: number; rows: number }>(
    'Activations are missing',
    (p) => `${p.hook} is not stored for ${p.missing} of ${p.rows} steps.`,
    'Have them replayed from the stored tokens (“Replay what is missing”, or --replay), or choose a hook point, layers and poolings that the run stored.',
  ),
  dataSetWidthsDiffer: entry<{ hook: string; widths: number[] }>(
    'The runs’ activations differ in width',
    (p) => `${p.hook} has ${p.widths.join(' values in one run and ')} in another.`,
    'Make one data set for each model.',
  ),
  dataSetRunGone: entry<{ id: string; runs: string[] }>(
    'A run of the data set was deleted',
    (p) =>
      `Data set ${p.id} rests on ${p.runs.join(', ')}, which ${p.runs.length === 1 ? 'is' : 'are'} gone.`,
    'Make a new data set from runs that are there. Probes that were trained on this one stay as they are.',
  ),
  arrayUnreadable: entry<PathReason>(
    'An array cannot be read',
    (p) => `${p.path}: ${p.reason}.`,
    'Save numbers with numpy.save, numpy.savez or safetensors, and check the path and names.',
  ),
  probeNotActive: entry<{ id: string; status: string }>(
    'This probe is not being trained',
    (p) => `Probe ${p.id} is ${p.status}.`,
    'Only a probe that is queued or running can be cancelled.',
  ),
  probeNotResumable: entry<{ id: string; status: string }>(
    'This probe cannot be resumed',
    (p) => `Probe ${p.id} is ${p.status}.`,
    'Only interrupted, cancelled or failed probes can be resumed. Train a new one instead.',
  ),
  probeNotDone: entry<{ id: string; status: string }>(
    'This probe has not been trained yet',
    (p) => `Probe ${p.id} is ${p.status}.`,
    'Wait until it is done, or resume it.',
  ),
  probeNotLinear: entry<{ id: string; estimator: string }>(
    'This probe has no direction',
    (p) => `Probe ${p.id} was trained with “${p.estimator}”, which is not linear.`,
    'Train a linear probe (logistic, ridge, lda, meanDifference) on the same data set.',
  ),
  probeNoGate: entry<{ id: string; reason: string }>(
    'The probe cannot be a gate',
    (p) => `Probe ${p.id} gives no threshold: ${p.reason}.`,
    'Use a linear probe of two classes that was judged on held-out steps, or allow more false alarms.',
  ),
  probeForeign: entry<{ id: string; runId: string; reason: string }>(
    'The probe does not fit the run',
    (p) => `Probe ${p.id} cannot read run ${p.runId}: ${p.reason}.`,
    'Use a probe that was trained on activations of the run’s model.',
  ),
  probeWorkerLost: entry<{ reason: string }>(
    'The thread that works on activations ended',
    (p) => p.reason,
    'Try again; if it ends once more, take fewer layers or rows: the machine may be out of memory.',
  ),
  importWorkerLost: entry<PathReason>(
    'The thread that reads imports ended',
    (p) => `While it read ${p.path}: ${p.reason}`,
    'Import it again: what was read before stays. If it ends at the same file once more, leave that file out.',
  ),
  replayDiffers: entry<{ runId: string; episode: number; step: number }>(
    'A replay said something else',
    (p) =>
      `Asked again, the model did not answer run ${p.runId}, episode ${p.episode}, step ${p.step} as it did.`,
    'Another kind of processor rounds otherwise: replay on the machine that collected the run, or collect it again with these hook points.',
  ),
  replayRefused: entry<{ runId: string; reason: string }>(
    'The run cannot be replayed',
    (p) => `Run ${p.runId} cannot be asked again: ${p.reason}.`,
    'Restore what it was made with, or choose hook points, layers and poolings that the run stored.',
  ),
  vectorRefused: entry<{ reasons: string[] }>(
    'There is no vector to be had here',
    (p) => p.reasons.join(' '),
    'Choose other steps (the first step of an episode is often the same in all), another pooling, or collect more episodes.',
  ),
  dataSetLacks: entry<{ id: string; what: string; has: string }>(
    'The data set does not have that',
    (p) => `Data set ${p.id} does not have ${p.what}; it has ${p.has}.`,
    'Name what it has, or make a data set with what is missing.',
  ),
  probeLacks: entry<{ id: string; what: string; has: string }>(
    'The probe does not have that',
    (p) => `Probe ${p.id} does not have ${p.what}; it has ${p.has}.`,
    'Name the probe’s own hook point, or train a probe of two classes on runs of one model.',
  ),
  vectorLacks: entry<{ id: string; what: string; has: string }>(
    'The vector does not have that',
    (p) => `Vector ${p.id} does not have ${p.what}; it has ${p.has}.`,
    'Choose another vector, hook point or control, or make the vector again.',
  ),
  vectorNotFinite: entry<{ name: string; row: number; place: number; value: string }>(
    'A vector holds something that is no number',
    (p) => `${p.name}: value ${p.place} of row ${p.row} is ${p.value}.`,
    'Make or export the vector again.',
  ),
  vectorWidth: entry<{ name: string; hook: string; expected: number; actual: number }>(
    'The vector is for another model',
    (p) => `${p.name} has ${p.actual} values; ${p.hook} has ${p.expected}.`,
    'Take a vector that was made with this model, or name another hook point.',
  ),
  vectorFormat: entry<{ id: string; format: string; reason: string }>(
    'The format has no place for this vector',
    (p) => `Vector ${p.id} cannot be a ${p.format} file: ${p.reason}.`,
    'Export it as safetensors, which holds every vector.',
  ),
  vectorInUse: entry<{ id: string; runs: string[] }>(
    'The vector is in use',
    (p) => `Vector ${p.id} is needed by ${p.runs.join(', ')}, which may go on.`,
    'Finish or delete these runs first.',
  ),
  sweepUnplayed: entry<{ id: string; reason: string }>(
    'There is nothing to judge yet',
    (p) => `Sweep ${p.id} cannot be judged: ${p.reason}.`,
    'Resume it, or look at the error of the condition that failed.',
  ),
  steeringWorkerLost: entry<{ reason: string }>(
    'The thread that works on vectors ended',
    (p) => p.reason,
    'Try again; if it ends once more, take fewer layers or rows: the machine may be out of memory.',
  ),

  // library/
  hookNotCached: entry<{ hook: string; cached: number }>(
    'This hook point is not in the cache',
    (p) => `${p.hook} was not kept; the cache holds ${p.cached} hook points.`,
    (p) => `Name ${p.hook} (or a pattern that fits it) among the “names” of the run.`,
  ),
  weightUnknown: entry<{ name: string; near: string[] }>(
    'No such weight',
    (p) => `The model has no tensor “${p.name}”.`,
    (p) => (p.near.length ? `Did you mean ${p.near.join(' or ')}?` : 'List them with model.weights.names.'),
  ),
  weightInBlocks: entry<{ name: string }>(
    'This weight is rounded in blocks',
    (p) => `The model computes with “${p.name}” in blocks of a few bits, which cannot be read as numbers.`,
    'Open the model with dtype float32 to read weights, and for what is worked out from them.',
  ),
  stepNotInTrajectory: entry<{ step: number; steps: number }>(
    'No such step',
    (p) => `Step ${p.step} was asked for; the trajectory has ${p.steps} steps, counted from 0.`,
    'Choose a step in that range.',
  ),
  trajectoryMalformed: entry<PathReason>(
    'A trajectory cannot be read',
    (p) => `${p.path}: ${p.reason}`,
    'Give the folder that was saved, whole and unchanged.',
  ),

  // cli/
  usageWrong: entry<{ reason: string }>(
    'The command is not understood',
    (p) => p.reason,
    'Add --help to the command to see what it takes.',
  ),
  hookNotCaptured: entry<{ runId: string; hook: string; captured: string[] }>(
    'This hook point was not captured',
    (p) => `Run ${p.runId} has no activations of ${p.hook}.`,
    (p) =>
      p.captured.length
        ? `It has ${p.captured.join(', ')}.`
        : 'Collect a run whose capture settings name this hook point; one that has just begun has none yet.',
  ),

  // renderer/
  engineLost: entry<{ call: string }>(
    'The connection to the engine was lost',
    (p) => `“${p.call}” was not answered.`,
    'The window tries to connect again by itself: repeat it when the status bar says “connected”. If Innerview was ended, start it again; what was stored is kept.',
  ),

  // serve.ts
  addressInUse: entry<{ port: number; reason: string }>(
    'The address is taken',
    (p) => `Nothing can be served on 127.0.0.1:${p.port} (${p.reason}).`,
    'Close what uses that port, or choose another with --port. Port 0 takes any that is free.',
  ),
} satisfies Record<string, Entry<never>>

type Catalogue = typeof catalogue
type Parameters_<K extends keyof Catalogue> = Catalogue[K] extends Entry<infer P> ? P : never

export type ErrorCode = keyof Catalogue

/** Snake-case code of a catalogue entry: `modelPathMissing` → `model_path_missing`. */
export const errorCode = (key: string): string => key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)

type Throwers = { [K in ErrorCode]: (parameters: Parameters_<K>, cause?: unknown) => AppError }

/** `throw errors.modelFileMissing({ path, file })`. The parameters become `details`. */
export const errors: Throwers = Object.fromEntries(
  Object.entries(catalogue).map(([key, value]) => {
    const e = value as unknown as Entry<Record<string, unknown>>
    const make = (p: Record<string, unknown>, cause?: unknown): AppError =>
      new AppError(
        {
          code: errorCode(key),
          title: e.title,
          message: e.message(p),
          cure: typeof e.cure === 'function' ? e.cure(p) : e.cure,
          details: p,
        },
        cause,
      )
    return [key, make]
  }),
) as unknown as Throwers // the entries are the catalogue's own

/** The report of anything thrown: an AppError's own, or an internal error around the rest. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof AppError) return error.report()
  const reason = error instanceof Error ? error.message : String(error)
  return errors.internalError({ reason }, error).report()
}
