/** What a run in controlled sentiment depends on besides config and seed. */
export type SentimentSetting = {
  /** A `.gguf` file or a folder, from the project's root. */
  readonly model: string;
  /** SHA-256 of its configuration, weights and tokenizer; see `openModel`. */
  readonly modelSha256: string;
  /** Of the 160 prompts, those that offline pairs and bootstrapping respond to. */
  readonly trainPrompts: number;
  /** Of the others, those held out for measurement. */
  readonly heldOutPrompts: number;
  /** Samples to each of them after every iteration: an even number. */
  readonly samplesPerPrompt: number;
  /** Tokens of every response; the model hardly ever ends one before. */
  readonly responseTokens: number;
  /** Offline pairs N. */
  readonly pairs: number;
  /** SFT samples to each training prompt, which the pairs are made of: an even number. */
  readonly poolSamples: number;
  /** Bradley-Terry temperature tau of the annotator, in gold reward. */
  readonly labelTemperature: number;
  /** Share of labels flipped after the annotator's draw. */
  readonly flipRate: number;
  /** LoRA rank; the update counts twice. */
  readonly rank: number;
};

/** The usual setting. */
export const defaultSentimentSetting: SentimentSetting = {
  model: ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf",
  modelSha256: "566abd2976c2173443861d2d4e9385377aad49fbcbf6332aa21c43735e2860cb",
  trainPrompts: 128,
  heldOutPrompts: 32,
  samplesPerPrompt: 4,
  responseTokens: 24,
  pairs: 256,
  poolSamples: 6,
  labelTemperature: 0.05,
  flipRate: 0,
  rank: 16,
};

/** What each part is. */
export const sentimentSettingTexts: Readonly<Record<keyof SentimentSetting, string>> = {
  model: "`.gguf` file or folder of the SFT model, from the project's root",
  modelSha256: "SHA-256 of the model's configuration, weights and tokenizer",
  trainPrompts: "prompts of the 160 that offline pairs and bootstrapping respond to",
  heldOutPrompts: "prompts of the others that are held out for evaluation",
  samplesPerPrompt: "samples to each held-out prompt after every iteration",
  responseTokens: "tokens of every response",
  pairs: "offline pairs N",
  poolSamples: "SFT samples to each training prompt, which the pairs are made of",
  labelTemperature: "Bradley-Terry temperature of the annotator, in gold reward",
  flipRate: "share of labels flipped after the annotator's draw",
  rank: "LoRA rank; the update counts twice",
};
