import { runCommand } from "../../lib/cli/run_command.ts";
import { UserError } from "../../lib/errors.ts";
import { parseSample } from "./sample_command.ts";

/** A command that ends in the way its first argument names. */
await runCommand(async (args) => {
  switch (args[0]) {
    case "ok":
      return;
    case "seven":
      return 7;
    case "user":
      throw new UserError("pairs.jsonl:3: bad");
    case "fault":
      throw new TypeError("broken");
    case "unawaited":
      Promise.reject(new UserError("nobody waited"));
      break;
    case "timer":
      setTimeout(() => {
        throw new TypeError("in a timer");
      }, 0);
      break;
    case "full":
      await Deno.writeTextFile("/dev/full", "x");
      return;
    case "wait":
      console.log("waiting");
      break;
    default:
      console.log(JSON.stringify(parseSample(...args).options));
      return;
  }
  await new Promise((resolve) => setTimeout(resolve, 30_000));
}, { beforeExit: () => console.error("tidied") });
