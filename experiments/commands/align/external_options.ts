import { integerOption, textOption } from "../../../lib/cli/option.ts";
import { serverOptions } from "../server_options.ts";

const { concurrency, timeout } = serverOptions;

/** Options of `align` with the model elsewhere. */
export const externalOptions = {
  trainer: textOption({
    flags: "--trainer <command>",
    description: "update by this command instead; a JSON file that says what is its last word",
  }),
  serve: textOption({
    flags: "--serve <command>",
    description: "with --trainer: the inference server, with {checkpoint} and {port}",
  }),
  serveSeconds: integerOption({
    flags: "--serve-seconds <s>",
    description: "time that --serve may take to answer",
    min: 1,
    default: 900,
  }),
  concurrency,
  timeout,
};
