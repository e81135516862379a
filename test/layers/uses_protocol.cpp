// A program of the protocol layer alone: it has to link without Asio.
#include "protocol/connection.hpp"

int main() {
  websocket::protocol::Connection connection(websocket::protocol::Role::server, {}, true, nullptr);
  connection.send(websocket::Opcode::text, "hello");
  return connection.has_output() ? 0 : 1;
}
