import { UserError } from "../errors.ts";
import { GPT2_PATTERN, isolate } from "./exact_pretokenizer.ts";

type Json = Record<string, unknown>;

/** Token types of `tokenizer.ggml.token_type`. */
const CONTROL = 3;
const USER_DEFINED = 4;

/** The pattern of Llama 3's tokenizer.json. */
const LLAMA3_PATTERN = String
  .raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

const BYTE_LEVEL: Json = {
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: false,
};

/**
 * How the text is cut before byte-pair encoding, by `tokenizer.ggml.pre`.
 *
 * smollm follows transformers' GGUF loader, our reference. SmolLM's own tokenizer.json and
 * llama.cpp cut at every digit first; the vocabulary has no token with two digits, so this differs
 * only for several white-space characters before a digit (" \n1": there one token " \n").
 *
 * `addsBos` is llama.cpp's default where the file does not say `tokenizer.ggml.add_bos_token`, as
 * those of Llama 3 do not: llama_vocab::impl::load in src/llama-vocab.cpp.
 */
const PRE_TOKENIZERS: Readonly<
  Record<string, { pattern: string; ignoreMerges: boolean; addsBos: boolean }>
> = {
  "gpt-2": { pattern: GPT2_PATTERN, ignoreMerges: false, addsBos: false },
  "smollm": { pattern: GPT2_PATTERN, ignoreMerges: false, addsBos: false },
  "llama-bpe": { pattern: LLAMA3_PATTERN, ignoreMerges: true, addsBos: true },
};

/**
 * `tokenizer.json` and `tokenizer_config.json` equivalent to the tokenizer in a GGUF's metadata.
 *
 * Byte-level BPE (`tokenizer.ggml.model` = gpt2) with the pre-tokenizers gpt-2, smollm and
 * llama-bpe. Throws `UserError` naming any other kind, and where the metadata are inconsistent.
 */
export function tokenizerFilesFromGguf(
  metadata: Readonly<Record<string, unknown>>,
  origin: string,
): { tokenizer: Json; tokenizerConfig: Json } {
  const kind = metadata["tokenizer.ggml.model"];
  if (kind !== "gpt2") {
    throw new UserError(
      `${origin}: tokenizer ${
        JSON.stringify(kind ?? null)
      } is not supported (gpt2, byte-level BPE, ` +
        `is); take the model's Hugging Face folder instead`,
    );
  }
  const pre = metadata["tokenizer.ggml.pre"];
  const rules = typeof pre === "string" && Object.hasOwn(PRE_TOKENIZERS, pre)
    ? PRE_TOKENIZERS[pre]!
    : undefined;
  if (rules === undefined) {
    throw new UserError(
      `${origin}: pre-tokenizer ${JSON.stringify(pre ?? null)} is not supported (${
        Object.keys(PRE_TOKENIZERS).join(", ")
      } are); take the model's Hugging Face folder instead`,
    );
  }
  const tokens = list(metadata, "tokenizer.ggml.tokens", isText, origin);
  const merges = list(metadata, "tokenizer.ggml.merges", isMerge, origin);
  const types = metadata["tokenizer.ggml.token_type"] === undefined
    ? new Array<number>(tokens.length).fill(1)
    : list(metadata, "tokenizer.ggml.token_type", isNumber, origin);
  if (types.length !== tokens.length) {
    throw new UserError(`${origin}: ${types.length} token types for ${tokens.length} tokens`);
  }
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const special = (name: string): string | undefined => {
    const id = metadata[`tokenizer.ggml.${name}_token_id`];
    if (id === undefined) return undefined;
    const token = tokens[Number(id)];
    if (token === undefined) throw new UserError(`${origin}: ${name} token ${id} does not exist`);
    return token;
  };
  const bos = special("bos");
  const saysBos = metadata["tokenizer.ggml.add_bos_token"] ?? rules.addsBos;
  const addsBos = saysBos === true && bos !== undefined;
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: tokens.flatMap((content, id) =>
        types[id] === CONTROL || types[id] === USER_DEFINED
          ? [addedToken(id, content, types[id] === CONTROL)]
          : []
      ),
      normalizer: null,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [isolate(rules.pattern), BYTE_LEVEL],
      },
      post_processor: addsBos ? bosProcessor(bos, vocab[bos]!) : null,
      decoder: { ...BYTE_LEVEL, use_regex: true },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: rules.ignoreMerges,
        vocab,
        merges,
      },
    },
    tokenizerConfig: withoutUndefined({
      tokenizer_class: "PreTrainedTokenizerFast",
      bos_token: bos,
      eos_token: special("eos"),
      unk_token: special("unknown"),
      pad_token: special("padding"),
      clean_up_tokenization_spaces: false,
      chat_template: metadata["tokenizer.chat_template"],
    }),
  };
}

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => typeof value === "number";
const isMerge = (value: unknown): value is string => isText(value) && /^\S+ \S+$/.test(value);

function list<T>(
  metadata: Readonly<Record<string, unknown>>,
  key: string,
  isValid: (value: unknown) => value is T,
  origin: string,
): T[] {
  const values = metadata[key];
  if (!Array.isArray(values)) throw new UserError(`${origin}: ${key} is missing`);
  const wrong = values.findIndex((value) => !isValid(value));
  if (wrong >= 0) {
    throw new UserError(`${origin}: ${key}[${wrong}] is ${JSON.stringify(values[wrong])}`);
  }
  return values;
}

const addedToken = (id: number, content: string, special: boolean): Json => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special,
});

function bosProcessor(token: string, id: number): Json {
  const piece = (type: string, name: string) => ({ [type]: { id: name, type_id: 0 } });
  return {
    type: "TemplateProcessing",
    single: [piece("SpecialToken", token), piece("Sequence", "A")],
    pair: [piece("SpecialToken", token), piece("Sequence", "A"), piece("Sequence", "B")],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}

function withoutUndefined(record: Json): Json {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
