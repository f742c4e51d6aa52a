// Which file answers an address of the page, and with which headers: the same for the shell's `app:` scheme and for the
// headless server. Owns: the content security policy, file types, and keeping requests inside the built renderer.
// Not: reading files or answering.
import { extname, join, normalize, sep } from 'node:path'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/**
 * Nothing but our own files. Inline styles are allowed since charts and virtual lists position by style attributes;
 * inline scripts and eval are not. `connect-src 'self'` includes the WebSocket of the same host.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const pageHeaders = (type: string): Record<string, string> => ({
  'content-type': type,
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
})

/**
 * @param address  path and query of a request, as it came over the wire
 * @returns the file's full path and type; null where the address is malformed or leads out of webRoot.
 */
export function findAsset(webRoot: string, address: string): { file: string; type: string } | null {
  const root = normalize(webRoot + sep)
  try {
    const path = decodeURIComponent(new URL(address, 'http://page').pathname)
    if (path.includes('\0')) return null
    const file = normalize(join(root, path === '/' ? 'index.html' : path))
    if (!file.startsWith(root)) return null
    return { file, type: types[extname(file)] ?? 'application/octet-stream' }
  } catch {
    return null // malformed percent-encoding
  }
}
