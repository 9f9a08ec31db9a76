// Speaks with the test: a line of JSON each way.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function hear() {
  return JSON.parse((await lines.next()).value);
}

export function say(told) {
  process.stdout.write(JSON.stringify(told) + "\n");
}

export function end() {
  process.stdin.destroy();
}
