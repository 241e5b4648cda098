import config from "../../deno.json" with { type: "json" };
import { projectRoot } from "../engine/layout.ts";

/** What a result depends on: records, notebooks and texts are left out, for commands write those. */
const CODE = ["lib", "experiments", "tools", "deno.json", "deno.lock", ":(exclude)*.md"];

/** The code that made a result. */
export interface Provenance {
  /** Git commit; null where the code is no git clone. */
  readonly commit: string | null;
  /** Whether tracked files of the code differed from the commit; null without one. */
  readonly dirty: boolean | null;
  readonly versions: Versions;
}

/** Versions of what computes. */
export interface Versions {
  readonly suite: string;
  readonly deno: string;
  readonly v8: string;
  /** TensorFlow.js. */
  readonly tfjs: string;
}

/** Reads the commit of this program's folder and the versions in use. */
export async function readProvenance(): Promise<Provenance> {
  const commit = await git("rev-parse", "HEAD");
  // Another project's repository around an unpacked archive of ours says nothing about us.
  const ours = await git("rev-parse", "--show-prefix") === "";
  const known = commit !== undefined && ours;
  const changes = known
    ? await git("status", "--porcelain", "--untracked-files=no", "--", ...CODE)
    : undefined;
  return {
    commit: known ? commit : null,
    dirty: changes === undefined ? null : changes !== "",
    versions: {
      suite: (config as { version?: string }).version ?? "unreleased",
      deno: Deno.version.deno,
      v8: Deno.version.v8,
      tfjs: config.imports["@tensorflow/tfjs-core"].split("@").at(-1) as string,
    },
  };
}

async function git(...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", projectRoot, ...args],
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined; // git is not installed
  }
}
