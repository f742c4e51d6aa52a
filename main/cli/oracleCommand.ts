// innerview oracle key set|delete|status|test
// Owns: the key of an oracle's endpoint, from the terminal. Not: where keys are kept (environments/keyStore.ts).
import { Command } from 'commander'
import { errors } from '../contract/errors.ts'
import { oracleSettings } from '../contract/runs.ts'
import { EventHub } from '../jobs/eventHub.ts'
import { OracleDesk } from '../jobs/oracleDesk.ts'
import { parseSettings } from '../jobs/settings.ts'
import { runCommand } from './context.ts'
import { integer, namingOptions, type OptionNames } from './options.ts'
import { readSecret } from './secretInput.ts'

interface EndpointOptions {
  url?: string
  model?: string
  timeout?: number
}

const optionNames: OptionNames = { baseUrl: '--url', model: '--model', timeoutMs: '--timeout' }

/** With a run's own defaults. */
function endpointOf({ url: baseUrl, model, timeout: timeoutMs }: EndpointOptions) {
  const [, openai] = oracleSettings.options
  return namingOptions(optionNames, () =>
    parseSettings(openai, { kind: 'openai', baseUrl, model, timeoutMs }),
  )
}

export function oracleCommand(resources: string): Command {
  // A key belongs to an address, not to a workspace.
  const desk = (): OracleDesk => new OracleDesk(new EventHub(), resources)
  const oracle = new Command('oracle').description('oracles that answer in place of the knowledge base')
  const key = oracle.command('key').description('keys of endpoints, in the system’s key store')
  const endpoint = (name: string, description: string): Command =>
    key
      .command(name)
      .description(description)
      .option('--url <url>', 'base address of the endpoint (OpenAI’s)')

  endpoint('set', 'store the key that is typed or piped in').action(
    (options: EndpointOptions, command: Command) =>
      runCommand(command, resources, async ({ output, signal }) => {
        const { baseUrl } = await endpointOf(options)
        const secret = await readSecret(process.stdin, () => output.note(`Key for ${baseUrl}:`), signal)
        if (secret === '')
          throw errors.invalidInput({ field: 'standard input', reason: 'the key was expected there' })
        await desk().setKey(baseUrl, secret)
        output.result({ baseUrl, stored: true }, () => `Stored the key for ${baseUrl}.`)
      }),
  )
  endpoint('delete', 'forget the key').action((options: EndpointOptions, command: Command) =>
    runCommand(command, resources, async ({ output }) => {
      const { baseUrl } = await endpointOf(options)
      await desk().setKey(baseUrl, '')
      output.result({ baseUrl, stored: false }, () => `There is no key for ${baseUrl} now.`)
    }),
  )
  endpoint('status', 'tell whether there is a key').action((options: EndpointOptions, command: Command) =>
    runCommand(command, resources, async ({ output }) => {
      const { baseUrl } = await endpointOf(options)
      const { stored } = await desk().hasKey(baseUrl)
      output.result({ baseUrl, stored }, () => `There is ${stored ? 'a' : 'no'} key for ${baseUrl}.`)
    }),
  )
  endpoint('test', 'ask the endpoint one question')
    .option('--model <name>', 'model at that endpoint')
    .option('--timeout <ms>', 'how long to wait for it', integer)
    .action((options: EndpointOptions, command: Command) =>
      runCommand(command, resources, async ({ output, signal }) => {
        const { baseUrl, model, timeoutMs } = await endpointOf(options)
        const { answer, latencyMs } = await desk().test({ baseUrl, model, timeoutMs }, signal)
        output.result(
          { baseUrl, model, answer, latencyMs },
          () => `${model} at ${baseUrl} answered “${answer}” in ${latencyMs.toFixed(0)} ms.`,
        )
      }),
    )
  return oracle
}
