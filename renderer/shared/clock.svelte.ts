// The time, for “5 min ago”. One timer for all who show it.
class Clock {
  now = $state(Date.now())
  constructor() {
    setInterval(() => (this.now = Date.now()), 15_000)
  }
}

export const clock = new Clock()
