/** A real Slurm on the loopback: Debian's slurm-wlm and munge, in a folder of its own. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Whether Slurm is installed and may be started here. */
export const slurmInstalled = Deno.uid() === 0 &&
  ["/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/sbin/munged"].every((path) => existsSync(path));

/** A running cluster of one node. */
export interface SlurmCluster extends AsyncDisposable {
  /** Environment of Slurm's commands. */
  readonly env: Readonly<Record<string, string>>;
  /** Kills the node's daemon, jobs and all, as a crash would. */
  killNode(): void;
  startNode(): Promise<void>;
  /** A Slurm command's output. */
  command(name: string, ...args: string[]): Promise<string>;
}

/** Starts munged, slurmctld and slurmd, and waits until the node is idle. */
export async function startSlurm(dir: string): Promise<SlurmCluster> {
  const host = Deno.hostname();
  const [key, socket, conf] = ["munge.key", "munge.sock", "slurm.conf"].map((n) =>
    join(dir, n)
  ) as [
    ...[string, string, string],
  ];
  for (const name of ["state", "spool"]) Deno.mkdirSync(join(dir, name));
  Deno.chmodSync(dir, 0o755);
  Deno.writeFileSync(key, new Uint8Array(128).map((_, i) => (i * 37 + Deno.pid) & 255), {
    mode: 0o400,
  });
  const [control, node] = [freePort(), freePort()];
  Deno.writeTextFileSync(
    conf,
    `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${control}
SlurmdPort=${node}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=${socket}
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmdTimeout=4
SlurmctldTimeout=4
MinJobAge=2
KillWait=1
StateSaveLocation=${join(dir, "state")}
SlurmdSpoolDir=${join(dir, "spool")}
SlurmctldPidFile=${join(dir, "slurmctld.pid")}
SlurmdPidFile=${join(dir, "slurmd.pid")}
SlurmctldLogFile=${join(dir, "slurmctld.log")}
SlurmdLogFile=${join(dir, "slurmd.log")}
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=test Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`,
  );
  const env = { SLURM_CONF: conf };
  const daemon = (name: string, ...args: string[]) =>
    new Deno.Command(`/usr/sbin/${name}`, { args, env, stdout: "null", stderr: "null" }).spawn();
  const munged = daemon(
    "munged",
    ...["--foreground", "--force", `--key-file=${key}`, `--socket=${socket}`],
    ...["pid", "seed", "log"].map((kind) => `--${kind}-file=${join(dir, `munged.${kind}`)}`),
  );
  const command = async (name: string, ...args: string[]) => {
    const { stdout } = await new Deno.Command(name, { args, env, stderr: "null" }).output();
    return new TextDecoder().decode(stdout);
  };
  const until = async (what: string, holds: () => Promise<boolean> | boolean) => {
    for (let i = 0; i < 300; i++) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`${what}: ${Deno.readTextFileSync(join(dir, "slurmctld.log")).slice(-2000)}`);
  };
  await until("munged", () => existsSync(socket));
  const slurmctld = daemon("slurmctld", "-D", "-f", conf);
  let slurmd: Deno.ChildProcess | undefined;
  const startNode = async () => {
    slurmd = daemon("slurmd", "-D", "-f", conf);
    await until(
      "slurmd",
      async () => /idle|mix|alloc/.test(await command("sinfo", "-h", "-o", "%t")),
    );
  };
  await startNode();
  const killNode = () => {
    for (const { pid } of stepsOf(dir)) Deno.kill(pid, "SIGKILL");
    slurmd?.kill("SIGKILL");
  };
  return {
    ...{ env, command, startNode, killNode },
    [Symbol.asyncDispose]: async () => {
      await command("scancel", "--user=root");
      for (const process of [slurmd, slurmctld, munged]) {
        try {
          process?.kill("SIGTERM");
        } catch {
          // It has ended.
        }
        await process?.status;
      }
    },
  };
}

/** Processes of the node's jobs: Slurm's step daemons, and what runs in the spool's scripts. */
function stepsOf(dir: string): { pid: number }[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const line = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      const environment = Deno.readTextFileSync(`/proc/${name}/environ`);
      const ours = line.startsWith("slurmstepd") && environment.includes(dir) ||
        line.includes(join(dir, "spool"));
      return ours ? [{ pid: Number(name) }] : [];
    } catch {
      return []; // It has ended.
    }
  });
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
