import { join, sep } from 'node:path'
import { expect, test } from 'vitest'
import { contentSecurityPolicy, findAsset, pageHeaders } from './pageAssets.ts'

const root = join(sep, 'srv', 'page')

test('the bare address is the page itself', () => {
  expect(findAsset(root, '/')).toEqual({ file: join(root, 'index.html'), type: 'text/html; charset=utf-8' })
  expect(findAsset(root, '/?theme=dark')?.file).toBe(join(root, 'index.html'))
})

test('a file is found by its path, with the type of its extension', () => {
  expect(findAsset(root, '/assets/a%20b.js')).toEqual({
    file: join(root, 'assets', 'a b.js'),
    type: 'text/javascript; charset=utf-8',
  })
  expect(findAsset(root, '/unknown.bin')?.type).toBe('application/octet-stream')
})

test.each([
  '/%2e%2e/secret',
  '/..%2fsecret',
  '/assets/..%2f..%2f..%2fetc/passwd',
  '/%2e%2e%2fpage-of-another/secret',
  '/a%00.html',
  '/%zz',
])('%s leads to no file outside the page', (address) => {
  const asset = findAsset(root, address)
  if (asset) expect(asset.file.startsWith(root + sep)).toBe(true)
  else expect(asset).toBeNull()
})

test('encoded parent folders are refused rather than resolved', () => {
  expect(findAsset(root, '/..%2fsecret')).toBeNull()
  expect(findAsset(root, '/..%2fpage-of-another/index.html')).toBeNull()
})

test('the policy allows no inline script and no other host', () => {
  const directives = new Map(contentSecurityPolicy.split('; ').map((part) => [part.split(' ')[0], part]))
  expect(directives.get('script-src')).toBe("script-src 'self'")
  expect(directives.get('default-src')).toBe("default-src 'none'")
  expect(contentSecurityPolicy).not.toMatch(/https?:|\*|unsafe-eval/)
  expect(pageHeaders('text/html')['x-content-type-options']).toBe('nosniff')
})
