import type { Kernel } from "../../lib/notebook/kernel.ts";

/** A message as a client would get it. */
export interface Message {
  readonly type: string;
  readonly time: number;
  readonly content: {
    data: Record<string, string>;
    metadata: Record<string, unknown>;
    transient: { display_id?: string };
    [key: string]: unknown;
  };
}

/** A kernel that keeps what was broadcast. */
export function fakeKernel(): Kernel & { messages: Message[] } {
  const messages: Message[] = [];
  return {
    messages,
    broadcast(type, content) {
      messages.push({ type, time: performance.now(), content: content as Message["content"] });
      return Promise.resolve();
    },
  };
}
