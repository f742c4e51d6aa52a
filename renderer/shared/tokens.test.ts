import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')
const colours = new Map<string, { light: string; dark: string }>()
for (const [, name, light, dark] of css.matchAll(
  /--([\w-]+): var\(--light, (#\w{6})\) var\(--dark, (#\w{6})\)/g,
))
  colours.set(name!, { light: light!, dark: dark! })

const channel = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
const luminance = (hex: string): number => {
  const [red, green, blue] = [1, 3, 5].map((at) => channel(parseInt(hex.slice(at, at + 2), 16) / 255))
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}
/** WCAG 2.2, success criterion 1.4.3. */
const contrast = (a: string, b: string): number => {
  const [lesser, greater] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (greater! + 0.05) / (lesser! + 0.05)
}
const of = (text: string, ground: string, theme: 'light' | 'dark'): number =>
  contrast(colours.get(text)![theme], colours.get(ground)![theme])

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  const surfaces = ['sunken', 'ground', 'raised', 'overlay', 'hover', 'selected']
  it.each(['fg', 'fg-soft', 'fg-muted'])('%s can be read on every surface', (text) => {
    for (const surface of surfaces) expect(of(text, surface, theme), surface).toBeGreaterThanOrEqual(4.5)
  })
  it.each(['accent', 'valid', 'invalid', 'win', 'baseline', 'danger', 'warning'])(
    '%s can be read on panes and cards',
    (text) => {
      for (const surface of ['sunken', 'ground', 'raised', 'overlay'])
        expect(of(text, surface, theme), surface).toBeGreaterThanOrEqual(4.5)
    },
  )
  it.each(['accent', 'valid', 'invalid', 'win', 'danger', 'warning'])(
    '%s can be read on its own soft ground',
    (text) => {
      expect(of(text, `${text}-soft`, theme)).toBeGreaterThanOrEqual(4.5)
    },
  )
  it('text on the accent can be read, pressed or not', () => {
    expect(of('fg-on-accent', 'accent', theme)).toBeGreaterThanOrEqual(4.5)
    expect(of('fg-on-accent', 'accent-strong', theme)).toBeGreaterThanOrEqual(4.5)
  })
  it('marks of the steered scale differ from the ground and from one another', () => {
    const scale = [1, 2, 3, 4].map((step) => `steered-${step}`)
    for (const [i, step] of scale.entries()) {
      if (i > 0) expect(of(step, scale[i - 1]!, theme)).toBeGreaterThan(1.2)
    }
    for (const step of scale.slice(1)) expect(of(step, 'raised', theme)).toBeGreaterThanOrEqual(3)
  })
})
