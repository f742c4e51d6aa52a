// Hands bytes to the person as a file, the way this window saves files.

export function saveFile({ fileName, data }: { fileName: string; data: Blob | Uint8Array }): void {
  // A copy: a view on shared memory is no part of a blob.
  const address = URL.createObjectURL(data instanceof Blob ? data : new Blob([new Uint8Array(data)]))
  const link = document.createElement('a')
  link.href = address
  link.download = fileName
  link.click()
  // The download reads the address after this turn.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
