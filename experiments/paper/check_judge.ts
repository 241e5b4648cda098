import { existsSync } from "node:fs";
import { userPath } from "../../lib/cli/user_path.ts";
import { UserError } from "../../lib/errors.ts";
import { judgeKey } from "../../lib/judges/judge_key.ts";
import type { TableConfig } from "./table_config.ts";
import type { PlannedCommand } from "./table_plan.ts";

/**
 * Finds what the judge lacks before the first command, which may take days.
 *
 * @throws {UserError} where its prompts are not here, or the environment has no key
 */
export function checkJudge({ name, judge }: TableConfig, plan: readonly PlannedCommand[]): void {
  if (!plan.some(({ command }) => command === "evaluate")) return;
  const prompts = String(judge.prompts);
  if (!existsSync(userPath(prompts))) {
    throw new UserError(
      `${name}: the prompts that are judged, ${prompts}, are not in this folder: docs/reference.md ` +
        "says where they are; --first 3 runs what comes before the judge",
    );
  }
  const { judge: kind, "judge-url": url } = judge;
  if (kind !== "openai" && kind !== "anthropic") return;
  const { name: keyName, key } = judgeKey(kind, url === undefined ? undefined : String(url));
  if (key !== undefined) return;
  throw new UserError(
    `${name}: the judge needs its key in the environment variable ${keyName}, or a server of your ` +
      `own: judge-url under judge: in experiments/paper/${name}.yaml`,
  );
}
