// Draws resources/icons/icon.png from icon.svg, with Chromium. To be run by hand after a change of the drawing.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { chromiumBinary } from '../tests/support/available.ts'
import { projectFolder } from './project.ts'

const sizePixels = 1024
if (!chromiumBinary) throw new Error('Chromium is needed to draw the icon.')
const drawing = readFileSync(join(projectFolder, 'resources/icons/icon.svg'), 'utf8')
const browser = await chromium.launch({ executablePath: chromiumBinary, args: ['--no-sandbox'] })
const page = await browser.newPage({ viewport: { width: sizePixels, height: sizePixels } })
await page.setContent(`<style>body{margin:0}svg{display:block}</style>${drawing}`)
const image = await page.screenshot({ omitBackground: true })
writeFileSync(join(projectFolder, 'resources/icons/icon.png'), image)
await browser.close()
