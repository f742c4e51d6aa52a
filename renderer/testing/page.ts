// The window on an invented engine: `testing/index.html?world=running&theme=dark`. Never part of the build.
import '../shared/tokens.css'
import '../shared/base.css'
import { start } from '../start.ts'
import type { ConnectionState } from '../doors.ts'
import { fakeEngine, worlds } from './fakeEngine.ts'

const asked = new URLSearchParams(location.search)
const theme = asked.get('theme')
if (theme) localStorage.setItem('innerview:theme', theme)
const world = worlds[asked.get('world') ?? 'running']
if (!world) throw new TypeError(`No such world. There are: ${Object.keys(worlds).join(', ')}`)
const { doors } = fakeEngine(world())
const state = asked.get('connection') as ConnectionState | null
start((listener) => {
  const close = doors(listener)
  if (state) setTimeout(() => listener.state(state), 500)
  return close
})
