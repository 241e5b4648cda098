import assert from "node:assert/strict";
import { commandProgress } from "../../lib/progress/command_progress.ts";
import { jsonLinesProgress, parseProgressLine } from "../../lib/progress/json_lines_progress.ts";
import { placeProgress } from "../../lib/progress/place_progress.ts";
import type { ProgressSink } from "../../lib/progress/progress_sink.ts";
import { terminalProgress } from "../../lib/progress/terminal_progress.ts";
import { manualClock } from "./manual_clock.ts";

/** One iteration of one update of 40 steps of 3 s each. */
function run(progress: ProgressSink, pass: (seconds: number) => void): void {
  progress.phase("iteration", 1);
  progress.phase("update", 40, { unit: "step" });
  for (let step = 1; step <= 40; step++) {
    pass(3);
    progress.advance(1, { loss: 1 / step });
  }
  progress.done();
  progress.advance(1);
  progress.message("adapter saved");
  progress.done();
}

Deno.test("a log gets a line about every ten seconds, and no control characters", () => {
  const { clock, pass } = manualClock();
  let log = "";
  run(terminalProgress({ write: (text) => log += text, clock }), pass);
  const lines = log.split("\n");
  assert.equal(lines.pop(), "");
  assert.equal(
    lines[0],
    "iteration 1/1 | update | step 4/40 | loss 0.2500 | 3.0 s/step | 1 m 48 s left",
  );
  assert.deepEqual(lines.slice(-3), [
    "iteration 1/1 | update | 40 steps in 2 m 00 s | loss 0.0250",
    "adapter saved",
    "iteration: 1 done in 2 m 00 s",
  ]);
  assert.equal(lines.length, 10 + 3);
  assert.match(log, /^[\x20-\x7e\n]*$/);
});

Deno.test("a terminal's line is redrawn in place, never wider than it, and leaves a clean screen", () => {
  const { clock, pass } = manualClock();
  let screen = "";
  run(terminalProgress({ write: (text) => screen += text, columns: () => 40, clock }), pass);
  const drawn = screen.replaceAll("\r\x1b[K", "\n").split("\n");
  for (const text of drawn.slice(0, -1)) {
    if (!text.includes(" in ")) assert.ok(text.length <= 39, text);
  }
  assert.ok(drawn.filter((text) => text.endsWith("...")).length >= 40);
  assert.ok(screen.endsWith("iteration: 1 done in 2 m 00 s\n"));
  assert.ok(screen.includes("\r\x1b[Kadapter saved\n"));
});

Deno.test("one piece of work among others says where it is, every two seconds at most", () => {
  const { clock, pass } = manualClock();
  const places: string[] = [];
  const progress = placeProgress((place) => places.push(place), clock);
  run(progress, (seconds) => pass(seconds / 6));
  assert.equal(places.length, 10); // 20 s in steps of half a second
  assert.equal(places[1], "iteration 1/1, update, step 8/40, loss 0.1250");
});

Deno.test("an empty figure is not shown any more", () => {
  const { clock, pass } = manualClock();
  let log = "";
  const progress = terminalProgress({ write: (text) => log += text, clock });
  progress.phase("studies", 2, { unit: "run" });
  pass(12);
  progress.advance(0, { running: 1, now: "iteration 1/3" });
  pass(12);
  progress.advance(1, { running: 0, now: "" });
  progress.done();
  assert.deepEqual(log.trim().split("\n"), [
    "studies | run 0/2 | running 1 | now iteration 1/3",
    "studies | run 1/2 | running 0 | 24 s/run | 24 s left",
    "studies | 1 run in 24 s | running 0",
  ]);
});

Deno.test("closing wipes a line that is drawn, and only then", () => {
  const { clock } = manualClock();
  let screen = "";
  const progress = terminalProgress({ write: (text) => screen += text, columns: () => 80, clock });
  progress.close();
  assert.equal(screen, "");
  progress.phase("update", 4, { unit: "step" });
  progress.close();
  progress.close();
  assert.equal(screen, "\r\x1b[Kupdate | step 0/4\r\x1b[K");
});

Deno.test("a terminal is redrawn at most ten times a second", () => {
  const { clock, pass } = manualClock();
  let writes = 0;
  const progress = terminalProgress({ write: () => writes++, columns: () => 80, clock });
  progress.phase("scoring", 10_000, { unit: "pair" });
  for (let i = 0; i < 10_000; i++) {
    pass(0.0001);
    progress.advance(1);
  }
  assert.ok(writes >= 9 && writes <= 12, `${writes} writes in a second`);
});

Deno.test("brief phases leave no line, and what was done before counts as no speed", () => {
  const { clock, pass } = manualClock();
  let log = "";
  const progress = terminalProgress({ write: (text) => log += text, clock });
  progress.phase("reading", 5);
  pass(1);
  progress.done();
  assert.equal(log, "");
  progress.phase("update", 100, { unit: "step", done: 90 });
  pass(12);
  progress.advance(4);
  assert.equal(log, "update | step 94/100 | 3.0 s/step | 18 s left\n");
});

Deno.test("JSON lines parse back, tell the outermost count, and end at 100 %", () => {
  const { clock, pass } = manualClock();
  const lines: string[] = [];
  run(jsonLinesProgress((line) => lines.push(line), clock), pass);
  const events = lines.map((line) => parseProgressLine(line.trimEnd()));
  assert.deepEqual([...new Set(events.map((event) => event?.event))].sort(), [
    "done",
    "message",
    "phase",
    "progress",
  ]);
  const step = events.find((event) => event?.event === "progress");
  assert.ok(step !== undefined && step.event === "progress");
  assert.deepEqual([step.done, step.total, step.phases[1]?.secondsLeft], [0, 1, 117]);
  assert.match(step.label, /^iteration 1\/1 \| update \| step 1\/40/);
  const last = events.at(-1);
  assert.ok(last?.event === "done");
  assert.deepEqual([last.done, last.total], [1, 1]);
});

Deno.test("JSON lines are throttled, and spell out NaN", () => {
  const { clock, pass } = manualClock();
  const lines: string[] = [];
  const progress = jsonLinesProgress((line) => lines.push(line), clock);
  progress.phase("update", 1000);
  for (let i = 0; i < 1000; i++) {
    pass(0.001);
    progress.advance(1, { loss: NaN });
  }
  progress.done();
  assert.ok(lines.length <= 13, `${lines.length} lines in a second`);
  const last = parseProgressLine(lines.at(-1)!.trimEnd());
  assert.ok(last?.event === "done" && last.done === 1000 && last.fields.loss === "NaN");
  for (const other of ["hello", '{"event":"progress"', '{"event":"odd"}', '{"a":1}']) {
    assert.equal(parseProgressLine(other), undefined);
  }
});

Deno.test("an unknown choice of sink is refused", () => {
  assert.throws(
    () => commandProgress("loud"),
    /SERA_PROGRESS is "loud"; use terminal, json or silent/,
  );
  commandProgress("silent").advance(1);
});

Deno.test("progress outside any phase is a mistake of the caller", () => {
  const progress = terminalProgress({ write: () => {} });
  assert.throws(() => progress.advance(1), /no phase of progress is open/);
});
