#!/usr/bin/env node
// The engine from a terminal: `innerview COMMAND`.
// Owns: the list of commands and global options. Not: what they do (cli/).
import { Command } from 'commander'
import { fileURLToPath } from 'node:url'
import { collectCommand } from './cli/collectCommand.ts'
import { modelsCommand } from './cli/modelsCommand.ts'
import { promptCommand } from './cli/runCommand.ts'
import { episodesCommand, runsCommand } from './cli/runsCommand.ts'
import { serveCommand } from './cli/serveCommand.ts'
import { defaultWorkspace } from './folders.ts'
import { resourcesFolder } from './resourcesFolder.ts'
import { version } from './version.ts'

const resources = resourcesFolder()
const webRoot = fileURLToPath(new URL('../out/renderer', import.meta.url))

const program = new Command('innerview')
  .description('Run a local language model as an agent, with hooks on its internals.')
  .version(version)
  .option('--workspace <folder>', 'folder of runs and models', defaultWorkspace())
  .option('--json', 'one JSON document on stdout', false)
  .showHelpAfterError()

for (const command of [
  modelsCommand(resources),
  collectCommand(resources),
  runsCommand(resources),
  episodesCommand(resources),
  promptCommand(resources),
  serveCommand(resources, webRoot),
])
  program.addCommand(command)

// Global options may stand anywhere, as `innerview collect … --json`.
function shareGlobals(command: Command): void {
  for (const child of command.commands) {
    child
      .option('--workspace <folder>', 'folder of runs and models')
      .option('--json', 'one JSON document on stdout')
    child.showHelpAfterError()
    shareGlobals(child)
  }
}
shareGlobals(program)

await program.parseAsync()
