// Lines of JSON with the test: what it gives at the start, what is asked of it, what is said to it.
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

// What the test says next, or undefined once it has nothing more to say.
export async function listen() {
  const { value, done } = await lines.next()
  return done ? undefined : JSON.parse(value)
}

export const given = await listen()

export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

export async function ask(message) {
  say(message)
  return await listen()
}
