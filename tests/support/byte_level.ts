/**
 * The 256 printable characters that stand for the 256 byte values in byte-level BPE vocabularies
 * (GPT-2's table): printable Latin-1 characters stand for themselves, the others follow from U+0100.
 */
export function byteLevelAlphabet(): string[] {
  const alphabet: string[] = [];
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) ||
      byte >= 0xae;
    alphabet.push(String.fromCodePoint(printable ? byte : next++));
  }
  return alphabet;
}
