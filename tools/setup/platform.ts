/** What this machine offers for native code. */
import { isFile, which } from "./process.ts";

/** Where libtensorflow comes from on this platform. */
export type NativeSource = "wheel" | "prebuilt";

/** PyPI's wheels carry libtensorflow on Linux and on Apple silicon. */
export const nativeSource: NativeSource =
  Deno.build.os === "linux" || (Deno.build.os === "darwin" && Deno.build.arch === "aarch64")
    ? "wheel"
    : "prebuilt";

/** The C++ compiler: `CXX` or one on the search path. */
export function compiler(): string | undefined {
  return which(Deno.env.get("CXX"), "g++", "c++", "clang++");
}

/** How to get a compiler here. */
export const compilerHint: string = Deno.build.os === "darwin"
  ? "install one with `xcode-select --install`, then `deno task setup`"
  : "install one (apt install g++, dnf install gcc-c++), then `deno task setup`; " +
    "or name one with CXX";

/** Whether NVIDIA's driver is here. */
export function nvidiaDriver(): boolean {
  return which("nvidia-smi") !== undefined || isFile("/usr/lib/wsl/lib/libcuda.so.1") ||
    ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/aarch64-linux-gnu"]
      .some((folder) => isFile(`${folder}/libcuda.so.1`));
}
