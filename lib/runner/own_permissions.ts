const NAMES = ["read", "write", "env", "sys", "run", "ffi", "net", "import"] as const;

/** Flags that give another Deno the permissions that this process has, and no others. */
export function ownPermissions(): string[] {
  return [
    "--no-prompt",
    ...NAMES.filter((name) => Deno.permissions.querySync({ name }).state === "granted")
      .map((name) => `--allow-${name}`),
  ];
}
