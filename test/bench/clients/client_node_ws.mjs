// A load client on Node's ws, in the version of test/peers/node_ws; the environment's
// WEBSOCKETAPP_NODE_PEERS names the directory with its node_modules. As it is fastest: messages are taken
// as the Buffers ws gives (no strings made of them), and sent in batches, with a callback on the last one
// of a batch alone, so that ws has work queued whenever the socket takes more. One TLS context serves all
// connections. BENCH_CA names the authority of a wss server.
//
//   client_node_ws.mjs recv|send|rtt|connect|hold URL SIZE COUNT
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createSecureContext } from "node:tls";

const [mode, url, sizeText, countText] = process.argv.slice(2);
const size = Number(sizeText);
const count = Number(countText);
const wantsDeflate = url !== undefined && new URL(url).searchParams.get("deflate") === "1";
const batch = 256;

function giveUp(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

function authority() {
  const file = process.env.BENCH_CA;
  return file ? readFileSync(file) : giveUp("BENCH_CA does not name the authority of a wss server");
}

function load() {
  try {
    return createRequire(`${process.env.WEBSOCKETAPP_NODE_PEERS}/`)("ws");
  } catch (problem) {
    return giveUp(`ws is not installed in WEBSOCKETAPP_NODE_PEERS (${problem.code})`);
  }
}

const WebSocket = load();
const settings = {
  perMessageDeflate: wantsDeflate,
  secureContext: url?.startsWith("wss:") ? createSecureContext({ ca: authority() }) : undefined,
};

// How long something took, in seconds of the clock and of the processor.
class Clock {
  #cpu = process.cpuUsage();
  #begin = process.hrtime.bigint();

  figures() {
    const cpu = process.cpuUsage(this.#cpu);
    return {
      seconds: Number(process.hrtime.bigint() - this.#begin) / 1e9,
      cpu_seconds: (cpu.user + cpu.system) / 1e6,
    };
  }
}

// A connection that reads nothing until somebody wants its messages: those that come together with the
// handshake's answer would be gone before the caller has the connection.
function opened(address = url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, settings);
    socket.on("error", reject);
    socket.on("open", () => {
      socket.pause();
      resolve(socket);
    });
  });
}

// Calls `take` with each message until it says that it has had enough.
function messages(socket, take) {
  return new Promise((resolve, reject) => {
    const end = () => reject(new Error("the connection ended before the last message"));
    socket.on("close", end);
    socket.on("message", function each(data) {
      if (take(data)) return;
      socket.off("message", each);
      socket.off("close", end);
      resolve();
    });
    socket.resume();
  });
}

function closed(socket) {
  return new Promise((resolve) => {
    socket.on("close", resolve);
    socket.resume();
    socket.close();
  });
}

// What is sent: one message again and again, or where it is compressed the server's JSON.
async function content() {
  if (!wantsDeflate) return [Buffer.alloc(size, "x")];
  const from = new URL(url);
  from.pathname = "/firehose";
  from.search = `?size=${size}&count=64&text=json`;
  const socket = await opened(from);
  const sent = [];
  await messages(socket, (data) => sent.push(Buffer.from(data)) < 64);
  await closed(socket);
  return sent;
}

function percentile(values, percent) {
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor((values.length * percent) / 100))];
}

const sinceUs = (begin) => Number(process.hrtime.bigint() - begin) / 1e3;

async function receive() {
  const socket = await opened();
  const clock = new Clock();
  let left = count;
  await messages(socket, (data) => {
    if (data.length !== size) giveUp(`a message has ${data.length} bytes instead of ${size}`);
    return --left > 0;
  });
  const figures = clock.figures();
  await closed(socket);
  return figures;
}

async function send() {
  const sent = await content();
  const socket = await opened();
  const clock = new Clock();
  const done = messages(socket, () => false);
  let next = 0;
  const sendBatch = () => {
    const end = Math.min(next + batch, count);
    while (next < end - 1) socket.send(sent[next++ % sent.length]);
    if (next < end) socket.send(sent[next++ % sent.length], (error) => error || sendBatch());
  };
  sendBatch();
  await done;
  const figures = clock.figures();
  await closed(socket);
  return figures;
}

async function echoes(socket, message, times, took) {
  let begin = process.hrtime.bigint();
  let left = times;
  const done = messages(socket, (data) => {
    if (!message.equals(data)) giveUp("the echo is not what was sent");
    took.push(sinceUs(begin));
    if (--left === 0) return false;
    begin = process.hrtime.bigint();
    socket.send(message);
    return true;
  });
  socket.send(message);
  await done;
}

async function roundTrips() {
  const [message] = await content();
  const socket = await opened();
  const took = [];
  const clock = new Clock();
  await echoes(socket, message, count, took);
  const figures = clock.figures();
  await closed(socket);
  return { ...figures, p50_us: percentile(took, 50), p99_us: percentile(took, 99) };
}

async function connections() {
  const [message] = await content();
  const took = [];
  const connecting = [];
  const clock = new Clock();
  for (let i = 0; i < count; ++i) {
    const begin = process.hrtime.bigint();
    const socket = await opened();
    connecting.push(sinceUs(begin));
    await echoes(socket, message, 1, []);
    await closed(socket);
    took.push(sinceUs(begin));
  }
  const figures = clock.figures();
  return { ...figures, p50_us: percentile(took, 50), connect_p50_us: percentile(connecting, 50) };
}

async function hold() {
  const [message] = size > 0 ? await content() : [];
  const clock = new Clock();
  const held = [];
  while (held.length < count) held.push(await opened());
  if (size > 0) {
    for (const socket of held) await echoes(socket, message, 1, []);
  }
  const rss = /^Rss:\s+(\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "ascii"));
  const figures = { ...clock.figures(), resident_kib: Number(rss[1]) };
  await Promise.all(held.map(closed));
  return figures;
}

const modes = { recv: receive, send, rtt: roundTrips, connect: connections, hold };
if (!(mode in modes) || countText === undefined) {
  giveUp("how to call it: recv|send|rtt|connect|hold URL SIZE COUNT");
}
try {
  const figures = await modes[mode]();
  console.log(JSON.stringify({ client: "node_ws", mode, size, count, ...figures }));
  process.exit(0);
} catch (problem) {
  giveUp(problem.message);
}
