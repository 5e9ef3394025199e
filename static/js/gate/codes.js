// Badge codes, by the table the server generated from its own rules.

export function bare(text) {
  return text.toUpperCase().replace(/[-\s]/g, "");
}

// The whole code of a well-formed text, however it was typed; null when letters or check are wrong.
export function read(text, table) {
  const letters = bare(text);
  const size = table.alphabet.length;
  const places = [...letters].reverse().map((letter) => table.alphabet.indexOf(letter));
  if (places.length !== table.length || places.includes(-1)) return null;
  const total = places.reduce((sum, place, number) => sum + table.weights[number % 2][place], 0);
  if (total % size !== 0) return null;
  let start = 0;
  return table.parts.map((long) => letters.slice(start, (start += long))).join("-");
}
