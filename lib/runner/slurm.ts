/** Slurm's commands, as far as sweeps need them. */
import { UserError } from "../errors.ts";

/** What a job asks for; what is left out is the cluster's default. */
export interface SlurmRequest {
  readonly partition?: string | undefined;
  readonly account?: string | undefined;
  /** As `sbatch --time` takes it. */
  readonly time?: string | undefined;
  /** As `sbatch --mem` takes it. */
  readonly memory?: string | undefined;
  readonly gpus?: number | undefined;
  /** Most tasks of an array at a time. */
  readonly arrayLimit?: number | undefined;
}

/** An array job. */
export interface ArrayJob {
  readonly name: string;
  /** Shell script of a task; its number from 0 is $SLURM_ARRAY_TASK_ID. */
  readonly script: string;
  readonly tasks: number;
  /** Log of each task: %A is the job, %a the task. */
  readonly log: string;
}

/**
 * Submits an array job. @returns its id
 *
 * @throws {UserError} with sbatch's own complaint
 */
export async function submitArray(job: ArrayJob, request: SlurmRequest): Promise<string> {
  const { partition, account, time, memory, gpus, arrayLimit } = request;
  const limit = arrayLimit === undefined ? "" : `%${arrayLimit}`;
  const args = [
    ...["--parsable", `--job-name=${job.name}`, `--output=${job.log}`],
    ...[`--array=0-${job.tasks - 1}${limit}`, "--open-mode=append"],
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(account === undefined ? [] : [`--account=${account}`]),
    ...(time === undefined ? [] : [`--time=${time}`]),
    ...(memory === undefined ? [] : [`--mem=${memory}`]),
    ...(gpus === undefined ? [] : [`--gpus=${gpus}`]),
  ];
  const answer = await slurm("sbatch", args, job.script);
  if (answer.code !== 0) throw new UserError(`sbatch refused the job: ${answer.stderr}`);
  return answer.stdout.split(";")[0] as string;
}

/** A task of an array that Slurm has not finished with. */
export interface ActiveTask {
  readonly job: string;
  readonly task: number;
  readonly running: boolean;
}

/** Tasks of the user's jobs that wait or run; undefined where Slurm does not answer just now. */
export async function activeTasks(): Promise<ActiveTask[] | undefined> {
  const { code, stdout } = await slurm("squeue", ["--me", "-h", "-r", "-o", "%F %K %T"]);
  if (code !== 0) return undefined;
  return stdout.split("\n").filter((line) => line !== "").map((line) => {
    const [job = "", task, state] = line.trim().split(/\s+/);
    return { job, task: Number(task), running: state === "RUNNING" || state === "COMPLETING" };
  });
}

async function slurm(
  command: "sbatch" | "squeue",
  args: readonly string[],
  input = "",
): Promise<{ code: number; stdout: string; stderr: string }> {
  let child: Deno.ChildProcess;
  try {
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    child = new Deno.Command(command, { args: [...args], ...pipes }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UserError(
      `${command} is not there: --executor slurm needs a machine that submits jobs`,
    );
  }
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).then(() => writer.close(), () => {});
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, stdout: text(stdout), stderr: text(stderr).replaceAll("\n", " ") };
}
