/** A server whose every answer asks for a key: `keyed_server.ts <port> <key>`. */
const [port, key] = Deno.args;
Deno.serve({ port: Number(port), hostname: "127.0.0.1", onListen: () => {} }, ({ headers }) => {
  if (headers.get("authorization") !== `Bearer ${key}`) {
    return Response.json({ error: "Unauthorized" }, { status: 401 });
  }
  return Response.json({ object: "list", data: [] });
});
