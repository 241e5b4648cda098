/** Prompts of the generation cases. */
export const QUESTIONS: readonly string[] = [
  "What is the capital of France?",
  "Name three colours of the rainbow.",
  "How many days are there in a week?",
  "Write one sentence about a cat that sleeps on a warm roof.",
  "Why does ice float on water?",
  "Suggest a name for a small bakery by the sea.",
  "What does a carpenter do?",
  "Explain in one sentence why we see lightning before we hear thunder.",
  "List the ingredients of a simple tomato soup.",
  "Which planet is closest to the sun?",
  "How do I keep a cut apple from turning brown?",
  "Write a short greeting for a new neighbour.",
  "What is the opposite of cold?",
  "Name two animals that live in the desert and say how they find water.",
  "What is a good way to learn ten new words in a foreign language every day?",
  "Describe a quiet morning in a small town.",
];
