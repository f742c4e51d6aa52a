// The page of all errors, made from the catalogue with placeholders for its parameters.
import { catalogue, errorCode } from '../main/contract/errors.ts'

/** Stands for a parameter whose value is not known: prints as its name in angle brackets, whatever is done with it. */
function placeholder(name: string): unknown {
  const text = `‹${name}›`
  return new Proxy(() => text, {
    get(_target, key) {
      if (key === Symbol.toPrimitive) return (hint: string) => (hint === 'number' ? Number.NaN : text)
      if (key === 'length') return 1
      if (key === 'slice') return () => placeholder(name)
      if (key === 'toString' || key === 'join' || key === 'toFixed') return () => text
      return placeholder(`${name}.${String(key)}`)
    },
  })
}

const parameters = new Proxy({}, { get: (_target, key) => placeholder(String(key)) })

type PrintableEntry = {
  title: string
  message: (p: object) => string
  cure: string | ((p: object) => string)
}

/** Markdown, sorted by code. */
export function errorsPage(): string {
  const sections = Object.entries(catalogue)
    .map(([key, value]) => [errorCode(key), value as unknown as PrintableEntry] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { title, message, cure }]) => {
      const advice = typeof cure === 'function' ? cure(parameters) : cure
      return `## ${code}\n\n**${title}.** ${message(parameters)}\n\nWhat to do: ${advice}\n`
    })
  const page = `# Errors\n\nMade from \`main/contract/errors.ts\` by \`scripts/printErrors.ts\`; change it there.\n\n${sections.join('\n')}`
  return page.replaceAll('NaN', '…') // a number that is only known when it happens
}
