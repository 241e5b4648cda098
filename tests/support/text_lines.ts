/** Bytes of UTF-8 in, lines out, without their ends; the last line needs no end. */
export class TextLineStream extends TransformStream<Uint8Array, string> {
  constructor() {
    const decoder = new TextDecoder();
    let rest = "";
    super({
      transform(chunk, controller) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
        rest = lines.pop() ?? "";
        for (const line of lines) controller.enqueue(line);
      },
      flush(controller) {
        rest += decoder.decode();
        if (rest !== "") controller.enqueue(rest);
      },
    });
  }
}
