// Starts the window.
import './shared/tokens.css'
import './shared/base.css'
import { start } from './start.ts'

start()
