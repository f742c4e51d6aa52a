// Text that nobody vouches for, as text within markup.
// Owns: the five characters that mean something there. Not: control characters, which no mark-up shows.

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export const escapeMarkup = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character])
