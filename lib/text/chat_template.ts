import { Environment, Template } from "@huggingface/jinja";
import type { ChatMessage } from "./chat_message.ts";
import { UserError } from "../errors.ts";
import { foreignMessage } from "../files/foreign_error.ts";
import { withTimeLimit } from "../files/time_limit.ts";
import { BoundedInterpreter } from "./bounded_interpreter.ts";

/** Renders messages into the text of a prompt. */
export type ChatTemplate = (
  messages: readonly ChatMessage[],
  options: { addGenerationPrompt: boolean },
) => string;

/**
 * The day that templates see as today, 26 July 2024: the one Llama 3's template falls back to. With
 * the clock's date, token ids would change from day to day.
 */
const TODAY: Readonly<Record<string, string>> = {
  Y: "2024",
  y: "24",
  m: "07",
  d: "26",
  b: "Jul",
  B: "July",
  a: "Fri",
  A: "Friday",
  H: "00",
  M: "00",
  S: "00",
  "%": "%",
};

function strftimeNow(format: string): string {
  return format.replaceAll(/%(.)/g, (code, letter: string) => {
    const text = TODAY[letter];
    if (text === undefined) throw new UserError(`strftime_now does not know ${code}`);
    return text;
  });
}

/** Longest list that `range` makes. */
const MAX_RANGE = 100_000;

/**
 * Processor seconds that a template may take to parse or to render, and for each character of
 * template and conversation; templates in use take milliseconds.
 */
const TEMPLATE_S = 0.4, CHARACTER_S = 1e-5;

/** Characters of a template; the longest known have fifty thousand. */
const MAX_TEMPLATE = 1 << 20;

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0) throw new UserError("range needs a step other than 0");
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= MAX_RANGE)) throw new UserError(`range of ${length} numbers is too long`);
  return Array.from({ length }, (_, i) => from + i * step);
}

/**
 * Compiles a Jinja chat template, trimmed as transformers trims it.
 *
 * @param variables what the template may use besides the messages (`bos_token`, `eos_token`)
 * @param origin names the template in messages
 * @throws UserError if the template does not parse, and later if it rejects a conversation
 */
export function compileChatTemplate(
  template: string,
  variables: Readonly<Record<string, string>>,
  origin: string,
): ChatTemplate {
  let program: Template;
  if (template.length > MAX_TEMPLATE) {
    throw new UserError(`${origin}: chat template of ${template.length} characters is too long`);
  }
  const what = `${origin}: chat template`;
  try {
    const seconds = TEMPLATE_S + CHARACTER_S * template.length;
    program = withTimeLimit(seconds, what, () => new Template(template));
  } catch (error) {
    throw new UserError(`${origin}: chat template does not parse (${foreignMessage(error)})`);
  }
  return (messages, { addGenerationPrompt }) => {
    const globals = {
      true: true,
      false: false,
      none: null,
      True: true,
      False: false,
      None: null,
      raise_exception: (message: string) => {
        throw new UserError(message);
      },
      range,
      strftime_now: strftimeNow,
      ...variables,
      messages,
      tools: null,
      documents: null,
      add_generation_prompt: addGenerationPrompt,
    };
    try {
      const given = messages.reduce((sum, { content }) => sum + content.length, template.length);
      return withTimeLimit(TEMPLATE_S + CHARACTER_S * given, what, () => {
        const environment = new Environment();
        for (const [name, value] of Object.entries(globals)) environment.set(name, value);
        return String(new BoundedInterpreter(environment, given).run(program.parsed).value);
      });
    } catch (error) {
      throw new UserError(
        `${origin}: chat template rejects the conversation (${foreignMessage(error)})`,
      );
    }
  };
}

/**
 * The template among the forms of `chat_template` in tokenizer_config.json: a string, a list of
 * `{name, template}` or an object by name; of several the one named "default".
 */
export function selectChatTemplate(value: unknown, origin: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  const named = Array.isArray(value)
    ? new Map(value.map((entry) => [entry?.name, entry?.template]))
    : new Map(Object.entries(value));
  const chosen = named.size === 1 ? [...named.values()][0] : named.get("default");
  if (typeof chosen === "string") return chosen;
  throw new UserError(
    `${origin}: none of the chat templates is named "default" (${[...named.keys()].join(", ")})`,
  );
}
