/** The process in which heads of GGUF files are parsed: see `readInSandbox`. */
import { serveReader } from "../../files/sandbox_reader.ts";
import { parseGguf } from "./gguf_parse.ts";

await serveReader(parseGguf);
