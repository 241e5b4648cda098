/** A server process for one checkpoint: `standin_server.ts <checkpoint> <port>`. */
import { serveModels } from "./completions_server.ts";

const [checkpoint = "", port = ""] = Deno.args;
const server = await serveModels({ [checkpoint]: checkpoint }, { port: Number(port) });
console.log(`${checkpoint} at ${server.url}`);
