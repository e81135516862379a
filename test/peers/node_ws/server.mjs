// A WebSocket server on Node's ws; what it does is chosen by the URL's path. It binds 127.0.0.1, prints
// "READY <port>", serves until its standard input ends, and prints "CLOSED <code> <reason>" for each
// connection that has ended, with what the client's Close frame said.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import readline from "node:readline";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    "tls-cert": { type: "string" },
    "tls-key": { type: "string" },
  },
});

const { WebSocketServer } = await import("ws").catch((problem) => {
  console.log(`MISSING the module ws is not installed: run npm ci beside ${import.meta.url} (${problem.code})`);
  process.exit(0);
});

const known = ["chat.v2", "chat.v1"];
const settings = {
  noServer: true,
  perMessageDeflate: true,
  maxPayload: 1 << 30,
  handleProtocols: (offered) => known.find((name) => offered.has(name)) ?? false,
};
const answering = new WebSocketServer(settings);
const silent = new WebSocketServer({ ...settings, autoPong: false });
const servers = new Map([["", answering]]); // by how they compress

const seen = new Set();

// ?deflate=off: no permessage-deflate; ?deflate=once&id=...: for the first connection with that id alone;
// its parameters by their names: so configured. Else as ws has it by default.
function deflateAsAsked(query) {
  if (query.get("deflate") === "off") return false;
  if (query.get("deflate") === "once") {
    const isFirst = !seen.has(query.get("id"));
    seen.add(query.get("id"));
    return isFirst;
  }
  const asked = {};
  if (query.has("server_no_context_takeover")) asked.serverNoContextTakeover = true;
  if (query.has("client_no_context_takeover")) asked.clientNoContextTakeover = true;
  if (query.has("server_max_window_bits")) asked.serverMaxWindowBits = Number(query.get("server_max_window_bits"));
  if (query.has("client_max_window_bits")) asked.clientMaxWindowBits = Number(query.get("client_max_window_bits"));
  return Object.keys(asked).length === 0 ? true : asked;
}

function serverFor(url) {
  if (url.pathname === "/silent") return silent;
  const perMessageDeflate = deflateAsAsked(url.searchParams);
  const key = perMessageDeflate === true ? "" : JSON.stringify(perMessageDeflate);
  if (!servers.has(key)) servers.set(key, new WebSocketServer({ ...settings, perMessageDeflate }));
  return servers.get(key);
}

function pong(ws, payload) {
  return new Promise((come) => {
    ws.once("pong", come);
    ws.ping(payload);
  });
}

function isRight(data) {
  const sum = createHash("sha1").update(data.subarray(40)).digest("hex");
  return data.subarray(0, 40).toString() === sum;
}

function close(ws, query) {
  if (query.has("code")) ws.close(Number(query.get("code")), query.get("reason") ?? "");
  else ws.close();
}

const behaviours = {
  "/abort": (ws) => ws.terminate(),
  "/abort-on-message": (ws) => ws.on("message", () => ws.terminate()),
  "/check": (ws, query, request) => {
    // Messages begin with the SHA-1, in 40 digits, of the rest.
    let messages = 0;
    let wrong = 0;
    ws.on("message", (data, binary) => {
      if (!binary && data.equals(Buffer.from("report"))) {
        ws.send(`${messages} ${wrong} ${request.socket.bytesRead}`);
      } else if (!binary && data.equals(Buffer.from("abort"))) {
        ws.terminate();
      } else {
        messages += 1;
        if (!isRight(data)) wrong += 1;
      }
    });
  },
  "/close": close,
  "/close-on-message": (ws, query) => ws.on("message", () => close(ws, query)),
  "/count": (ws, query) => {
    const size = Number(query.get("size") ?? 0);
    const binary = query.get("kind") === "binary";
    for (let number = 0; number < Number(query.get("n")); ++number) {
      ws.send(Buffer.from(String(number).padEnd(size, ".")), { binary });
    }
  },
  "/echo": (ws) => ws.on("message", (data, binary) => ws.send(data, { binary })),
  "/fragmented": async (ws, query) => {
    const size = Number(query.get("size"));
    const step = Number(query.get("step"));
    for (let number = 0; number < Number(query.get("n")); ++number) {
      const text = Buffer.alloc(size, `message ${number}, `);
      for (let at = 0; at < size; at += step) {
        ws.send(text.subarray(at, at + step), { binary: false, fin: at + step >= size });
        await pong(ws, `behind byte ${at}`);
      }
    }
  },
  "/fragments": (ws) => {
    const text = Buffer.from("Grüße, Jürgen 🙂");
    const cut = text.indexOf("ü") + 1; // within the character
    ws.send(text.subarray(0, cut), { binary: false, fin: false });
    ws.ping("between fragments");
    ws.send(Buffer.alloc(0), { binary: false, fin: false });
    ws.send(text.subarray(cut, -1), { binary: false, fin: false });
    ws.send(text.subarray(-1), { binary: false, fin: true });
    ws.send(Buffer.from([0, 1]), { fin: false });
    ws.send(Buffer.from([255]), { fin: true });
  },
  "/headers": (ws, query, request) => {
    const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    }
    ws.send(lines.join("\r\n") + "\r\n");
  },
  "/ping": (ws, query) => {
    ws.on("pong", (data) => ws.send(`pong: ${data}`));
    ws.ping(query.get("payload") ?? "are you there");
  },
  "/pings": (ws) => {
    ws.on("ping", (data) => ws.send(`ping: ${data}`));
    ws.on("pong", (data) => ws.send(`pong: ${data}`));
  },
  "/push-close": (ws) => {
    for (const word of ["one", "two", "three"]) ws.send(word);
    ws.close(1000, "done");
  },
  "/reset": (ws, query, request) => {
    if (request.socket.encrypted) ws.terminate(); // Node resets plain sockets alone
    else request.socket.resetAndDestroy();
  },
  "/silent": () => {},
  "/subprotocol": (ws) => ws.send(ws.protocol),
};

function answerStatus(socket, status) {
  const body = "nothing here\n";
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nX-Peer: ws\r\nConnection: close\r\n` +
      `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

function upgrade(request, socket, head) {
  const url = new URL(request.url, "ws://localhost");
  socket.on("error", (problem) => console.error(problem.message));
  if (url.pathname === "/hang") return;
  if (url.pathname.startsWith("/status/")) {
    answerStatus(socket, Number(url.pathname.slice("/status/".length)));
    return;
  }
  serverFor(url).handleUpgrade(request, socket, head, (ws) => {
    ws.on("error", (problem) => console.error(problem.message));
    ws.on("close", (code, reason) => console.log(`CLOSED ${code} ${reason}`));
    (behaviours[url.pathname] ?? behaviours["/echo"])(ws, url.searchParams, request);
  });
}

const server = options["tls-cert"]
  ? https.createServer({ cert: readFileSync(options["tls-cert"]), key: readFileSync(options["tls-key"]) })
  : http.createServer();
server.on("upgrade", upgrade);
server.listen(Number(options.port), "127.0.0.1", () => console.log(`READY ${server.address().port}`));

const input = readline.createInterface({ input: process.stdin });
input.on("line", (line) => {
  if (line.trim() !== "close") return;
  for (const server of servers.values()) {
    for (const ws of server.clients) ws.close(1001, "server shutting down");
  }
});
input.on("close", () => process.exit(0));
