/** Chat templates are written for Python: its methods of texts, not JavaScript's or the engine's. */
import assert from "node:assert/strict";
import { compileChatTemplate } from "../../lib/text/chat_template.ts";
import { assertUserError } from "../support/errors.ts";
import { cpuSeconds } from "../support/cpu_seconds.ts";

const render = (template: string, content = "") =>
  compileChatTemplate(template, { bos_token: "" }, "m")([{ role: "assistant", content }], {
    addGenerationPrompt: false,
  });

/** What jinja2 3.1.6 on Python 3.11 makes of each. */
const PYTHON: readonly [expression: string, text: string][] = [
  ["'\n  a\n'.strip('\n')", "  a"],
  ["'\n  a \n'.lstrip('\n')", "  a \n"],
  ["'\n  a \n'.rstrip('\n')", "\n  a "],
  ["' \n a\t '.strip()", "a"],
  ["' a '.strip(none)", "a"],
  ["' a '.strip('')", " a "],
  ["'xyaxybyx'.strip('yx')", "axyb"],
  ["'xya'.rstrip('xya')", ""],
  ["'\ud83d\ude00a\ud83d\ude00\ud83d\ude01'.strip('\ud83d\ude00')", "a\ud83d\ude00\ud83d\ude01"],
  ["'a\ud83d\ude00'.rstrip('\ud83d\ude01')", "a\ud83d\ude00"],
  ["'\u001c\u0085\u3000a\ufeff'.strip()", "a\ufeff"],
  ["'\u001c a \u0085' | trim", "a"],
  ["'xxaxx' | trim('x')", "a"],
  ["'xxaxx' | trim(chars='x')", "a"],
  ["'hELLO wORLD'.capitalize()", "Hello world"],
  ["'hELLO wORLD' | capitalize", "Hello world"],
  [
    "'\u00c9COLE \u03a3\u039f\u03a6\u039f\u03a3'.capitalize()",
    "\u00c9cole \u03c3\u03bf\u03c6\u03bf\u03c2",
  ],
  ["''.capitalize()", ""],
  ['"they\'re 3rd HERE-and".title()', "They'Re 3Rd Here-And"],
  ['"they\'re 3rd HERE-and (so)" | title', "They're 3rd Here-And (So)"],
  ["'a,b,c'.split(',', 1) | join('|')", "a|b,c"],
  ["'a,b,c'.split(',', maxsplit=1) | join('|')", "a|b,c"],
  ["'a,b,c'.split(sep=',') | join('|')", "a|b|c"],
  ["'a,b,c'.split(',', -2) | join('|')", "a|b|c"],
  ["' a  b  c '.split(none, 1) | join('|')", "a|b  c "],
  ["' a  b  c '.split() | join('|')", "a|b|c"],
  ["' a  b  c '.split(maxsplit=0) | join('|')", "a  b  c "],
  ["'a\u0085b\ufeffc'.split() | length", "2"],
  ["'a,b,c'.rsplit(',', 1) | join('|')", "a,b|c"],
  ["' a  b  c '.rsplit(none, 1) | join('|')", " a  b|c"],
  ["' a b '.rsplit(none, 0) | join('|')", " a b"],
  ["'aaa'.rsplit('aa') | join('|')", "a|"],
  ["',a'.rsplit(',') | join('|')", "|a"],
  ["'abcb'.find('b')", "1"],
  ["'\ud83d\ude00bcb'.find('b', 2)", "3"],
  ["'abc'.find('z')", "-1"],
  ["'abc'.find('c', 0, -1)", "-1"],
  ["'abc'.find('', 4)", "-1"],
  ["'abc'.startswith('b', 1)", "true"],
  ["'abc'.startswith(('x', 'a'))", "true"],
  ["'abc'.startswith('abc', 0, 2)", "false"],
  ["'abc'.endswith('b', 0, 2)", "true"],
  ["'abc'.endswith(('x', 'c'))", "true"],
  ["'abc'.endswith('')", "true"],
  ["'aXbXc'.replace('X', '-', 1)", "a-bXc"],
  ["'abc'.replace('', '-')", "-a-b-c-"],
  ["'aXbXc' | replace('X', '-', count=1)", "a-bXc"],
];

Deno.test("methods and filters of texts do what Python's do", () => {
  for (const [expression, text] of PYTHON) {
    assert.equal(render(`{{ ${expression} }}`), text, expression);
  }
  const block = "{% filter title %}HELLO you{% endfilter %}|{% filter trim %} a {% endfilter %}";
  assert.equal(render(block), "Hello You|a");
});

Deno.test("Qwen3's template keeps the blanks that an answer begins with", () => {
  // The part of Qwen/Qwen3-0.6B's template that writes an answer; the texts are transformers'.
  const template = String.raw`{%- for message in messages %}
    {%- set content = message.content %}
    {%- set reasoning = '' %}
    {%- if '</think>' in content %}
        {%- set reasoning = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
        {%- set content = content.split('</think>')[-1].lstrip('\n') %}
    {%- endif %}
    {{- '<think>\n' + reasoning.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
{%- endfor %}`;
  for (
    const [content, text] of [
      ["\n    return 1\n", "<think>\n\n</think>\n\n    return 1\n"],
      ["<think>\n\n  so \n</think>\n\n  1", "<think>\n  so \n</think>\n\n  1"],
    ] as const
  ) {
    assert.equal(render(template, content), text);
  }
});

Deno.test("arguments that Python refuses are named", async () => {
  for (
    const [expression, text] of [
      ["'a'.strip(1)", "strip() takes a text"],
      ["'a'.rstrip('a', 'b')", "rstrip() takes no more than: chars"],
      ["'a'.split(sep='a', times=1)", "split() takes no more than: sep, maxsplit"],
      ["'a'.split('a', 'b')", "split() takes an integer"],
      ["'a'.split('')", "separator of split() is empty"],
      ["'a'.startswith()", "startswith() takes a text"],
      ["'a'.endswith(('a', 1))", "endswith() takes a text"],
    ] as const
  ) {
    await assertUserError(() => render(`{{ ${expression} }}`), "m: chat template", text);
  }
});

Deno.test("a filter of texts that gets something else is named, with what it gets", async () => {
  for (
    const [expression, filter, found] of [
      ["nothing | trim", "trim", "what does not exist"],
      ["messages[0].nothing | trim('x')", "trim", "what does not exist"],
      ["none | title", "title", "a value of type null"],
      ["['a'] | capitalize", "capitalize", "a value of type array"],
      ["{'strip': 1} | trim", "trim", "a value of type object"],
      ["(' 1 ' | trim) ~ (1 | trim)", "trim", "a value of type integer"],
    ] as const
  ) {
    const message = `the filter "${filter}" takes a text, and the template gives it ${found}`;
    const where = "m: chat template";
    await assertUserError(() => render(`{{ ${expression} }}`), where, message);
  }
});

Deno.test("stripping and searching long texts takes time in proportion", () => {
  const blanks = " \n".repeat(200_000);
  const start = cpuSeconds();
  const template = "{% for m in messages %}{% set c = m.content %}" +
    "{{ c.strip() ~ c.lstrip(' ') | length ~ c.rstrip('\n ') ~ c.find('x') ~ c.title() | trim }}" +
    "{% endfor %}";
  assert.equal(render(template, blanks), "399999-1");
  assert.ok(cpuSeconds() - start < 2);
});
