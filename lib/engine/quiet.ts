/**
 * Runs `task` with the process's standard error closed to native code.
 *
 * libtensorflow writes information lines there while it loads, before its log level counts. Errors
 * still arrive as exceptions. `TF_CPP_MIN_LOG_LEVEL` of 0 or 1 lets the lines through.
 */
export async function withoutNativeLog<T>(task: () => Promise<T>): Promise<T> {
  const libc = Number(Deno.env.get("TF_CPP_MIN_LOG_LEVEL") ?? "2") >= 2 ? openLibc() : undefined;
  if (libc === undefined) return await task();
  const { open, dup, dup2, close } = libc.symbols;
  const saved = dup(2);
  const hidden = open(new TextEncoder().encode("/dev/null\0"), 1);
  try {
    dup2(hidden, 2);
    return await task();
  } finally {
    dup2(saved, 2);
    close(saved);
    close(hidden);
    libc.close();
  }
}

function openLibc() {
  const name = { linux: "libc.so.6", darwin: "libSystem.B.dylib" }[Deno.build.os as string];
  if (name === undefined) return undefined;
  try {
    return Deno.dlopen(name, {
      open: { parameters: ["buffer", "i32"], result: "i32" },
      dup: { parameters: ["i32"], result: "i32" },
      dup2: { parameters: ["i32", "i32"], result: "i32" },
      close: { parameters: ["i32"], result: "i32" },
    });
  } catch {
    return undefined;
  }
}
