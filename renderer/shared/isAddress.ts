/** Whether a text is a whole web address. `URL.canParse` is younger than the oldest Chromium we run in. */
export function isAddress(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text.trim()).protocol)
  } catch {
    return false
  }
}
