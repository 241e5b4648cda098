/** What doctor prints: aligned lines, and a hint for each problem. */

/** One line of the report. */
export interface Finding {
  readonly label: string;
  readonly value: string;
  /** What to do about it; marks the line as a problem. */
  readonly hint?: string;
  /** The main job cannot run. */
  readonly fatal?: boolean;
}

/** The report as plain text. */
export function format(findings: Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.label.length));
  return findings.flatMap(({ label, value, hint, fatal }) => [
    `${fatal ? "!!" : hint === undefined ? "  " : " !"} ${label.padEnd(width)}  ${value}`,
    ...(hint === undefined ? [] : [`   ${" ".repeat(width)}  -> ${hint}`]),
  ]).join("\n");
}
