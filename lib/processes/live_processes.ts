/** A process of this machine that runs. */
export interface LiveProcess {
  readonly pid: number;
  /** Its process group. */
  readonly group: number;
  /** When it was started, in the system's own words: with the id it names one process for ever. */
  readonly started: string;
}

/**
 * Every process that runs. One that has ended and whom its parent has not asked after (a zombie) is
 * none: it holds nothing, and under an idle init it stays for ever.
 */
export function liveProcesses(): LiveProcess[] {
  // By programs, as reading /proc here would need every permission there is.
  const script = Deno.build.os === "linux"
    ? "cat /proc/sys/kernel/random/boot_id /proc/[0-9]*/stat 2>/dev/null"
    : "LC_ALL=C ps -A -o pid=,pgid=,stat=,lstart=";
  const { stdout } = new Deno.Command("sh", { args: ["-c", script], stdin: "null" }).outputSync();
  const lines = new TextDecoder().decode(stdout).split("\n");
  const all = Deno.build.os === "linux"
    ? lines.slice(1).map((line) => ofStat(line, lines[0] as string))
    : lines.map(ofPs);
  return all.filter((each) => each !== undefined);
}

/**
 * A line of /proc/PID/stat, `proc_pid_stat(5)`: pid, (name), state, parent, group, ..., and as the
 * 22nd field the ticks from the boot to its start. The name may hold spaces and parentheses.
 */
function ofStat(line: string, boot: string): LiveProcess | undefined {
  const [, pid, rest = ""] = /^(\d+) \(.*\) (.*)$/.exec(line) ?? [];
  const [state, , group, ...more] = rest.split(" ");
  if (pid === undefined || /^[ZXx]$/.test(`${state}`)) return undefined;
  return { pid: Number(pid), group: Number(group), started: `${boot} ${more[16]}` };
}

function ofPs(line: string): LiveProcess | undefined {
  const [, pid, group, state, started] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
  if (started === undefined || state?.startsWith("Z")) return undefined;
  return { pid: Number(pid), group: Number(group), started };
}
