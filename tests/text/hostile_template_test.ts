/** Chat templates come with models from anywhere: none may hang, exhaust or reach the program. */
import assert from "node:assert/strict";
import { Environment, Template } from "@huggingface/jinja";
import { BoundedInterpreter } from "../../lib/text/bounded_interpreter.ts";
import { compileChatTemplate } from "../../lib/text/chat_template.ts";
import { assertUserError } from "../support/errors.ts";
import { cpuSeconds } from "../support/cpu_seconds.ts";

const render = (template: string) =>
  compileChatTemplate(template, { bos_token: "" }, "m")(
    [{ role: "user", content: "hello" }],
    { addGenerationPrompt: true },
  );
const loop = (n: number, body: string) => `{% for i in range(${n}) %}${body}{% endfor %}`;

const NESTED = loop(1000, loop(1000, loop(1000, "x")));

const HARMFUL: readonly [string, string, string | RegExp][] = [
  // A slow machine's processor time may be used up before the steps are.
  ["three nested loops", NESTED, /more than (200\d+ steps|0\.4\d* s)/],
  ["a huge range", loop(50_000_000, ""), "range of 50000000 numbers"],
  [
    "a text that doubles",
    "{% set s = namespace(t='xxxxxxxx') %}" +
    loop(60, "{% set s.t = s.t + s.t %}") + "{{ s.t }}",
    "text or list of more than",
  ],
  [
    "a list that doubles",
    "{% set s = namespace(t=[1, 2]) %}" +
    loop(60, "{% set s.t = s.t + s.t %}"),
    "text or list of more than",
  ],
  [
    "output without end",
    loop(900, loop(900, "{{ 'x' * 1000 }}{{ messages[0].content * 9 }}")),
    /./,
  ],
  ["a macro that calls itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", /./],
];

for (const [name, template, text] of HARMFUL) {
  Deno.test(`a template is stopped: ${name}`, async () => {
    const start = cpuSeconds();
    await assertUserError(() => render(template), "m: chat template", text);
    const used = cpuSeconds() - start;
    assert.ok(used < 2, `it took ${used} s`);
  });
}

Deno.test("a template's steps are limited, whatever the clock says", () => {
  const environment = new Environment();
  environment.set("range", (n: number) => Array.from({ length: n }, (_, i) => i));
  const interpreter = new BoundedInterpreter(environment, 7);
  assert.throws(
    () => interpreter.run(new Template(NESTED).parsed),
    /it takes more than 200007 steps/,
  );
});

Deno.test("prototypes and globals are out of a template's reach", async () => {
  for (
    const expression of [
      "messages.constructor",
      "messages.__proto__",
      "''.constructor.constructor('return 1')()",
      "messages[0]['constructor']",
      "raise_exception.constructor",
      "range.__proto__",
    ]
  ) {
    let text = "";
    try {
      text = render(`{{ ${expression} }}`);
    } catch (error) {
      await assertUserError(() => {
        throw error;
      }, "m: chat template");
    }
    assert.ok(!/native code|Object|\[object/.test(text), `${expression}: ${text}`);
  }
  for (const name of ["Deno", "globalThis", "process", "fetch"]) {
    const seen = await Promise.resolve().then(() => render(`{{ ${name} }}`)).catch(() => "");
    assert.equal(seen, "", name);
  }
});

Deno.test("errors are sentences, not JavaScript", async () => {
  for (
    const template of [
      "{{ messages | map }}",
      "{{ x.y.z }}",
      "{% for a in 5 %}{% endfor %}",
      "{{ messages[0:'a'] }}",
    ]
  ) {
    let message = "";
    try {
      render(template);
    } catch (error) {
      message = String(error);
    }
    assert.ok(!/undefined \(reading|is not a function|Cannot read/.test(message), message);
  }
  await assertUserError(() => render("{% if %}"), "m: chat template does not parse");
});
