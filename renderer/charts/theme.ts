// Colours and type of a figure.
// Owns: which CSS tokens a figure uses, and the palette of an exported one. Not: the tokens' values on screen (shared/tokens.css).

export interface ChartTheme {
  font: string
  text: string
  muted: string
  line: string
  ground: string
  overlay: string
  accent: string
  valid: string
  invalid: string
  win: string
  baseline: string
  control: string
  warning: string
  danger: string
  /** Steered, weak to strong. */
  steered1: string
  steered2: string
  steered3: string
  steered4: string
}

const tokens: Record<keyof ChartTheme, string> = {
  font: '--font',
  text: '--fg',
  muted: '--fg-muted',
  line: '--border',
  ground: '--raised',
  overlay: '--overlay',
  accent: '--accent',
  valid: '--valid',
  invalid: '--invalid',
  win: '--win',
  baseline: '--baseline',
  control: '--control',
  warning: '--warning',
  danger: '--danger',
  steered1: '--steered-1',
  steered2: '--steered-2',
  steered3: '--steered-3',
  steered4: '--steered-4',
}

/** What an exported figure uses, whatever the window looks like: dark on white, as it goes into a paper. */
export const paperTheme: Readonly<ChartTheme> = {
  font: 'Helvetica, Arial, sans-serif',
  text: '#16181d',
  muted: '#4a4f5c',
  line: '#dfe1e7',
  ground: '#ffffff',
  overlay: '#ffffff',
  accent: '#3b50ce',
  valid: '#08746b',
  invalid: '#ad4a00',
  win: '#7336bf',
  baseline: '#5c6270',
  control: '#cfd2d9',
  warning: '#865800',
  danger: '#b4232c',
  steered1: '#7db4dd',
  steered2: '#4793cd',
  steered3: '#1f74b5',
  steered4: '#0b568f',
}

/** Reads the tokens in force on an element; a token that is not set keeps the paper's value. */
export function themeOf(style: Pick<CSSStyleDeclaration, 'getPropertyValue'>): ChartTheme {
  const theme: ChartTheme = { ...paperTheme }
  for (const key of Object.keys(tokens) as (keyof ChartTheme)[]) {
    const value = style.getPropertyValue(tokens[key]).trim()
    if (value !== '') theme[key] = value
  }
  return theme
}

/**
 * Calls back whenever the window changes between light and dark: by the system, or by an attribute or class on the root
 * element. Returns the function that ends it.
 */
export function watchTheme(changed: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const observer = new MutationObserver(changed)
  observer.observe(document.documentElement, { attributeFilter: ['class', 'data-theme', 'style'] })
  system.addEventListener('change', changed)
  return () => {
    observer.disconnect()
    system.removeEventListener('change', changed)
  }
}
