// The `app:` scheme that the page is loaded from: an origin of its own, so that it can have a content security policy and
// no file access, which file:// would give it.
// Owns: registering and answering the scheme. Not: which files there are and their headers (contract/pageAssets.ts).
import { protocol, type Session } from 'electron'
import { readFile } from 'node:fs/promises'
import { findAsset, pageHeaders } from '../main/contract/pageAssets.ts'

export const pageOrigin = 'app://innerview'

/** To be called before the app is ready. */
export function registerPageScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true }
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges }])
}

export function servePage(session: Session, webRoot: string): void {
  session.protocol.handle('app', async (request) => {
    const refuse = (status: number): Response =>
      new Response(null, { status, headers: pageHeaders('text/plain') })
    const asset = request.url.startsWith(`${pageOrigin}/`)
      ? findAsset(webRoot, request.url.slice(pageOrigin.length))
      : null
    if (!asset) return refuse(403)
    try {
      const body = await readFile(asset.file)
      return new Response(new Uint8Array(body), { headers: pageHeaders(asset.type) })
    } catch {
      return refuse(404)
    }
  })
}
