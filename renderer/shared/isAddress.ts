/** Whether a text is a whole address. `URL.canParse` is younger than the oldest Chromium we run in. */
export function isAddress(text: string): boolean {
  try {
    return Boolean(new URL(text))
  } catch {
    return false
  }
}
