// A run's settings and manifest as labelled lines, in the order in which people ask for them.
import type { ImportOrigin, RunRecord } from '../../main/contract/runs.ts'
import { kindNames, summaryOf, titleOf, totalText } from '../interventions/interventionText.ts'
import { integer } from '../shared/format.ts'
import { writeNumbers } from '../shared/numberWords.ts'
import { environmentNames, layersOf, oracleName } from './runText.ts'

export interface FactGroup {
  title: string
  facts: { label: string; value: string; isCode?: boolean }[]
}

type Facts = FactGroup['facts']

function environmentFacts({ environment }: RunRecord['settings']): Facts {
  const facts: Facts = [{ label: 'Environment', value: environmentNames[environment.name] }]
  if (environment.name === 'number_hunt')
    facts.push({ label: 'Numbers', value: `1 to ${integer(environment.upTo)}` })
  else
    facts.push(
      { label: 'Protocol', value: environment.protocol.replaceAll('-', ' ') },
      { label: 'What wins', value: environment.winRule.replaceAll('-', ' ') },
      { label: 'Stop token in history', value: environment.stopTokenInHistory ? 'yes' : 'no' },
      {
        label: 'Objects',
        value: typeof environment.objects === 'string' ? environment.objects : environment.objects.join(', '),
      },
    )
  facts.push(
    { label: 'Selection', value: environment.selection || 'all', isCode: environment.selection !== '' },
    { label: 'Steps at most', value: integer(environment.maxSteps) },
    { label: 'System prompt', value: environment.systemPrompt || 'none' },
  )
  return facts
}

function captureFacts({ capture }: RunRecord['settings']): Facts {
  const layers = layersOf(capture.hooks)
  const others = capture.hooks.filter((hook) => layersOf([hook]).length === 0)
  return [
    { label: 'Layers', value: layers.length ? writeNumbers(layers) : 'none', isCode: layers.length > 0 },
    ...(others.length ? [{ label: 'Other hooks', value: others.join(', '), isCode: true }] : []),
    { label: 'Positions', value: capture.positions === 'all' ? 'every token' : 'decision points' },
    { label: 'Stored as', value: capture.dtype },
  ]
}

/** What each does, and what it has met so far; none for a run that plays the model as it is. */
function interventionGroups({ settings, progress, manifest }: RunRecord): FactGroup[] {
  if (settings.interventions.length === 0) return []
  const facts = settings.interventions.flatMap((setting, index): Facts => {
    const total = progress.interventions.find((each) => each.index === index)
    const value = `${kindNames[setting.kind]}: ${summaryOf(setting)}\n${totalText(total)}`
    return [{ label: titleOf(setting, index), value }]
  })
  const sources = manifest.interventions.flatMap((each) => each.sources)
  const { chooser } = manifest
  const rule: Facts = chooser === 'applyAtSteps' ? [] : [{ label: 'Chosen by', value: chooser }]
  const origin: Facts = sources.length
    ? [{ label: 'Numbers from', value: [...new Set(sources)].join('\n'), isCode: true }]
    : []
  return [{ title: 'Interventions', facts: [...facts, ...rule, ...origin] }]
}

/** Of a run that was not played here, only what its files tell. */
function importedFacts({ settings, manifest, id, createdAt }: RunRecord, origin: ImportOrigin): FactGroup[] {
  return [
    {
      title: 'Imported',
      facts: [
        { label: 'From', value: origin.path, isCode: true },
        { label: 'Format', value: importFormats[origin.format] },
        ...(origin.part ? [{ label: 'Condition', value: origin.part }] : []),
        { label: 'Not in the files', value: origin.missing.join('\n') || 'nothing' },
      ],
    },
    {
      title: 'Episodes',
      facts: [
        { label: 'Model', value: manifest.modelName },
        { label: 'Episodes', value: integer(settings.episodes) },
        { label: 'Steps at most', value: integer(settings.environment.maxSteps) },
      ],
    },
    { title: 'Capture', facts: captureFacts(settings) },
    {
      title: 'Manifest',
      facts: [
        { label: 'Run', value: id, isCode: true },
        { label: 'Files’ SHA-256', value: origin.hash, isCode: true },
        { label: 'Innerview', value: manifest.innerview },
        { label: 'Imported', value: createdAt },
      ],
    },
  ]
}

const importFormats: Record<ImportOrigin['format'], string> = {
  'ares-collection': 'ARES, episodes of the 20Q case study',
  'ares-trajectory': 'ARES, a trajectory’s activations',
  'ares-steering': 'ARES, results of a steering sweep',
}

export function factsOf(run: RunRecord): FactGroup[] {
  if (run.manifest.imported) return importedFacts(run, run.manifest.imported)
  const { settings, manifest } = run
  const { sampling, oracle } = settings
  return [
    { title: 'Environment', facts: environmentFacts(settings) },
    {
      title: 'Oracle',
      facts: [
        { label: 'Oracle', value: oracleName(oracle) },
        ...(oracle.kind === 'openai' ? [{ label: 'Address', value: oracle.baseUrl, isCode: true }] : []),
      ],
    },
    ...interventionGroups(run),
    {
      title: 'Episodes and sampling',
      facts: [
        { label: 'Episodes', value: integer(settings.episodes) },
        { label: 'Seed', value: String(settings.seed) },
        { label: 'Played at once', value: integer(settings.batch) },
        {
          label: 'Temperature',
          value: sampling.temperature === 0 ? '0 (greedy)' : String(sampling.temperature),
        },
        { label: 'Top-k', value: sampling.topK === 0 ? 'off' : String(sampling.topK) },
        { label: 'Top-p', value: sampling.topP === 1 ? 'off' : String(sampling.topP) },
        { label: 'New tokens at most', value: integer(sampling.maxNewTokens) },
        { label: 'More stop tokens', value: sampling.stopTokens.join(' ') || 'none' },
      ],
    },
    { title: 'Capture', facts: captureFacts(settings) },
    {
      title: 'Manifest',
      facts: [
        { label: 'Run', value: run.id, isCode: true },
        { label: 'Model', value: manifest.modelName },
        { label: 'Weights’ SHA-256', value: manifest.modelHash, isCode: true },
        { label: 'Configuration’s', value: manifest.configHash, isCode: true },
        { label: 'Tokeniser’s', value: manifest.tokenizerHash, isCode: true },
        { label: 'Chat template’s', value: manifest.chatTemplateHash, isCode: true },
        {
          label: 'Computed in',
          value: `${manifest.computeDtype} on ${manifest.device}, stored as ${manifest.dtype}`,
        },
        { label: 'Oracle', value: manifest.oracle },
        { label: 'Environment', value: manifest.environmentVersion },
        { label: 'Innerview', value: manifest.innerview },
        { label: 'ONNX Runtime', value: manifest.onnxruntime },
        { label: 'Platform', value: manifest.platform },
        { label: 'Created', value: run.createdAt },
        { label: 'Started', value: run.startedAt ?? '–' },
        { label: 'Ended', value: run.endedAt ?? '–' },
      ],
    },
  ]
}
