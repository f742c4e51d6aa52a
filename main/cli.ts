#!/usr/bin/env node
// The engine from a terminal: `innerview COMMAND`.
// Owns: the list of commands, global options, and words that are not understood. Not: what commands do (cli/).
import { Command, CommanderError } from 'commander'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { activationsCommand } from './cli/activationsCommand.ts'
import { collectCommand } from './cli/collectCommand.ts'
import { dataSetsCommand } from './cli/dataSetsCommand.ts'
import { compareCommand } from './cli/compareCommand.ts'
import { episodesCommand } from './cli/episodesCommand.ts'
import { importCommand } from './cli/importCommand.ts'
import { goOnInLargePages } from './cli/largePages.ts'
import { modelsCommand } from './cli/modelsCommand.ts'
import { folder } from './cli/options.ts'
import { oracleCommand } from './cli/oracleCommand.ts'
import { probeCommand } from './cli/probeCommand.ts'
import { probesCommand } from './cli/probesCommand.ts'
import { promptCommand } from './cli/runCommand.ts'
import { runsCommand } from './cli/runsCommand.ts'
import { serveCommand } from './cli/serveCommand.ts'
import { studiesCommand, studyCommand } from './cli/studyCommand.ts'
import { sweepCommand } from './cli/sweepCommand.ts'
import { sweepsCommand } from './cli/sweepsCommand.ts'
import { vectorCommand } from './cli/vectorCommand.ts'
import { vectorsCommand } from './cli/vectorsCommand.ts'
import { codeOf } from './contract/faultCode.ts'
import { errors } from './contract/errors.ts'
import { defaultWorkspace } from './folders.ts'
import { resourcesFolder } from './resourcesFolder.ts'
import { version } from './version.ts'

const here = dirname(fileURLToPath(import.meta.url))
/** The built page: beside the built engine, or in out/ beside the sources. */
const webRoot = join(here, import.meta.url.endsWith('.ts') ? '../out/renderer' : '../renderer')
const resources = resourcesFolder()

// npm runs a script in the project's folder; relative paths are meant from where the user stood.
if (process.env.npm_lifecycle_event === 'cli' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)

const program = new Command('innerview')
  .description('Run a local language model as an agent, with hooks on its internals.')
  .version(version)

for (const command of [
  modelsCommand(resources),
  studyCommand(resources),
  studiesCommand(resources),
  collectCommand(resources),
  runsCommand(resources),
  episodesCommand(resources),
  activationsCommand(resources),
  vectorCommand(resources),
  vectorsCommand(resources),
  sweepCommand(resources),
  sweepsCommand(resources),
  compareCommand(resources),
  importCommand(resources),
  promptCommand(resources),
  probeCommand(resources),
  probesCommand(resources),
  dataSetsCommand(resources),
  oracleCommand(resources),
  serveCommand(resources, webRoot),
])
  program.addCommand(command)

// Global options may stand anywhere, as `innerview collect … --json`.
function shareGlobals(command: Command): void {
  command
    .option('--workspace <folder>', 'folder of runs and models', folder)
    .option('--json', 'one JSON document on stdout')
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
  for (const child of command.commands) shareGlobals(child)
}
shareGlobals(program)
program.hook('preAction', (_program, command) => goOnInLargePages(command.name()))
program.setOptionValue('workspace', defaultWorkspace()).setOptionValue('json', false)

// A reader that has seen enough (`| head`) is no fault.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') throw error
  })

/** commander has shown its text on stderr; who asked for JSON gets a document as for any other error. */
function endMisunderstood({ code, message, exitCode }: CommanderError): void {
  process.exitCode = exitCode
  if (exitCode === 0 || !process.argv.includes('--json')) return
  const reason = code === 'commander.help' ? 'A command is missing.' : message.replace(/^error: /, '')
  process.stdout.write(`${JSON.stringify({ error: errors.usageWrong({ reason }).report() })}\n`)
}

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  endMisunderstood(error)
}
