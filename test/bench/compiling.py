# How long the compiler takes for the smallest program that a user of each C++ library writes: one that
# connects and shows a message. Compiled as users do, with optimisation, and not linked.
import os
import pathlib
import resource
import shutil
import tempfile
from dataclasses import dataclass
from typing import Dict, Tuple

from libraries import root
from running import Place, run_to_end

OURS_APP = """
#include <cstdio>
#include <websocket/websocket.hpp>

int main() {
  websocket::WebSocketApp app("ws://localhost/");
  app.on_message = [](websocket::WebSocketApp& ws, const websocket::Message& message) {
    std::printf("%zu bytes\\n", message.data.size());
    ws.close();
  };
  app.run_forever();
}
"""

OURS_SYNC = """
#include <cstdio>
#include <websocket/websocket.hpp>

int main() {
  auto ws = websocket::create_connection("ws://localhost/");
  ws.send("hello");
  std::printf("%zu bytes\\n", ws.recv().size());
  ws.close();
}
"""

BEAST_SYNC = """
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdio>

int main() {
  boost::asio::io_context context;
  boost::asio::ip::tcp::resolver resolver(context);
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket> ws(context);
  boost::asio::connect(ws.next_layer(), resolver.resolve("localhost", "80"));
  ws.handshake("localhost", "/");
  ws.write(boost::asio::buffer("hello", 5));
  boost::beast::flat_buffer buffer;
  std::printf("%zu bytes\\n", ws.read(buffer));
  ws.close(boost::beast::websocket::close_code::normal);
}
"""

BEAST_ASYNC = """
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdio>

namespace beast = boost::beast;

int main() {
  boost::asio::io_context context;
  boost::asio::ip::tcp::resolver resolver(context);
  beast::websocket::stream<beast::tcp_stream> ws(context);
  beast::flat_buffer buffer;
  auto closed = [](beast::error_code) {};
  auto received = [&](beast::error_code, std::size_t size) {
    std::printf("%zu bytes\\n", size);
    ws.async_close(beast::websocket::close_code::normal, closed);
  };
  auto shaken = [&](beast::error_code) { ws.async_read(buffer, received); };
  auto connected = [&](beast::error_code, const auto&) { ws.async_handshake("localhost", "/", shaken); };
  resolver.async_resolve("localhost", "80", [&](beast::error_code, auto found) {
    beast::get_lowest_layer(ws).async_connect(found, connected);
  });
  context.run();
}
"""

WEBSOCKETPP = """
#include <cstdio>
#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_no_tls_client.hpp>

using Client = websocketpp::client<websocketpp::config::asio_client>;

int main() {
  Client client;
  client.init_asio();
  client.set_message_handler([&](websocketpp::connection_hdl handle, Client::message_ptr message) {
    std::printf("%zu bytes\\n", message->get_payload().size());
    client.close(handle, websocketpp::close::status::normal, "");
  });
  websocketpp::lib::error_code error;
  client.connect(client.get_connection("ws://localhost/", error));
  client.run();
}
"""

LWS = """
#include <libwebsockets.h>
#include <stdio.h>

static int handle(struct lws* wsi, enum lws_callback_reasons reason, void* user, void* in, size_t size) {
  if (reason == LWS_CALLBACK_CLIENT_RECEIVE) printf("%zu bytes\\n", size);
  return reason == LWS_CALLBACK_CLIENT_RECEIVE ? -1 : 0;
}

int main(void) {
  static const struct lws_protocols protocols[] = {{"", handle, 0, 0, 0, NULL, 0}, {0}};
  struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN, .protocols = protocols};
  struct lws_context* context = lws_create_context(&info);
  struct lws_client_connect_info to = {
      .context = context, .address = "localhost", .port = 80, .path = "/", .host = "localhost"};
  lws_client_connect_via_info(&to);
  while (lws_service(context, 0) >= 0) {
  }
}
"""


@dataclass(frozen=True)
class Program:
    source: str
    flags: Tuple[str, ...] = ("-std=c++20",)
    language: str = "c++"


programs: Dict[str, Program] = {
    "ours_app": Program(OURS_APP, ("-std=c++20", f"-I{root / 'include'}")),
    "ours_sync": Program(OURS_SYNC, ("-std=c++20", f"-I{root / 'include'}")),
    "beast_sync": Program(BEAST_SYNC),
    "beast_async": Program(BEAST_ASYNC),
    # It is older than C++20, whose rules for constructors' names it breaks.
    "websocketpp": Program(WEBSOCKETPP, ("-std=c++17",)),
    "lws": Program(LWS, (), "c"),
}


def compiler(language: str = "c++") -> str:
    if language == "c":
        return os.environ.get("CC", "cc")
    return os.environ.get("CXX") or ("g++" if shutil.which("g++") else "c++")


def compile_once(key: str, timeout: float) -> dict:
    """The CPU seconds that compiler and assembler took together."""
    program = programs[key]
    with tempfile.TemporaryDirectory() as directory:
        source = pathlib.Path(directory, "program." + ("c" if program.language == "c" else "cpp"))
        source.write_text(program.source, encoding="utf-8")
        files = ["-c", str(source), "-o", f"{source}.o"]
        command = [*compiler(program.language).split(), *program.flags, "-O2", *files]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run_to_end(command, timeout, Place())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu_seconds": after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime}
