/**
 * Half-writes a file and waits, for tests that kill it or let it finish. Argument: the path. Writes
 * "open" to stdout once the temporary file is there; finishes when stdin ends.
 */
import { DurableWriter } from "../../lib/files/durable_file.ts";

using writer = new DurableWriter(Deno.args[0] as string);
writer.write(new TextEncoder().encode("half"));
console.log("open");
for await (const _ of Deno.stdin.readable);
writer.write(new TextEncoder().encode(" and half"));
writer.finish();
