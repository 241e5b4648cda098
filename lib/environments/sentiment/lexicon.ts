import vader from "vader-sentiment";

/** A sentence counts at most this much, either way: piling up praise earns no more. */
export const SENTIMENT_CAP = 0.8;

/**
 * Sentiment of a text in [-`SENTIMENT_CAP`, `SENTIMENT_CAP`]: the mean over its sentences of VADER's
 * compound score (Hutto and Gilbert 2014), each capped. 0 for a text without words.
 */
export function sentimentOf(text: string): number {
  const scores = sentencesOf(text).map((sentence) => {
    const { compound } = vader.SentimentIntensityAnalyzer.polarity_scores(sentence) as {
      readonly compound: number;
    };
    return Math.max(-SENTIMENT_CAP, Math.min(SENTIMENT_CAP, compound));
  });
  return scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
}

/** A sentence ends with a mark before a space, or with its line. */
function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?])\s+|\n+/).filter((part) => /[\p{L}\p{N}]/u.test(part));
}
