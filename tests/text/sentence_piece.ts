const PIECES = [
  ...["<unk>", "<s>", "</s>", "▁", "h", "i", "e", "l", "o", "hi", "lo", "ell", "▁h", "▁hi"],
  ...["el", "hello", "▁hello", "hell", "<", ">", "/", "a", "s", "t", "n", "u", "r"],
];
const MERGES = ["h i", "▁ hi", "e l", "el l", "h ell", "hell o", "▁ hello"];

/**
 * The files of a tokenizer as Llama 2's and Mistral's: BPE over characters, unknown ones as bytes,
 * and a space before every text, written by a normalizer or by the Metaspace pre-tokenizer.
 */
export function sentencePieceFiles(form: "normalizer" | "metaspace") {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  const vocab: Record<string, number> = Object.fromEntries(
    [...PIECES, ...bytes].map((piece, id) => [piece, id]),
  );
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const normalizers = [
    { type: "Prepend", prepend: "▁" },
    { type: "Replace", pattern: { String: " " }, content: "▁" },
  ];
  const decoders = [
    { type: "Replace", pattern: { String: "▁" }, content: " " },
    ...[{ type: "ByteFallback" }, { type: "Fuse" }],
    { type: "Strip", content: " ", start: 1, stop: 0 },
  ];
  const metaspace = {
    ...{ type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: false },
  };
  return {
    origin: "sentence piece",
    tokenizer: {
      added_tokens: PIECES.slice(0, 3).map((content, id) => ({
        id,
        content,
        ...plain,
        special: true,
      })),
      normalizer: form === "normalizer" ? { type: "Sequence", normalizers } : null,
      pre_tokenizer: form === "metaspace" ? metaspace : null,
      post_processor: null,
      decoder: { type: "Sequence", decoders },
      model: {
        ...{ type: "BPE", unk_token: "<unk>", fuse_unk: true, byte_fallback: true },
        ...{ dropout: null, continuing_subword_prefix: null, end_of_word_suffix: null },
        ...{ ignore_merges: false, vocab, merges: MERGES },
      },
    },
    tokenizerConfig: { bos_token: "<s>", eos_token: "</s>" },
  };
}
