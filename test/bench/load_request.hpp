// What a client asks of the load server, and the handshake's answer (RFC 6455 4.2, RFC 7692 7.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

enum class Task : std::uint8_t { firehose, sink, echo };
enum class Content : std::uint8_t { binary, ascii, utf8, json };

struct Request {
  bool websocket = true;  // else a plain connection: no handshake, and the same bytes after it
  Task task = Task::echo;
  std::size_t size = 0;
  std::size_t count = 0;
  Content content = Content::binary;
  bool text = false;
  bool deflate = false;   // agreed on, each message by itself
  bool sendfile = false;  // what is sent is not copied
  int window_bits = 15;   // how far back compressing looks, as a power of two
  std::string answer;     // to the handshake; nothing for a plain connection
};

/// The head without the empty line that ends it. Nothing for what cannot be served.
std::optional<Request> read_request(std::string_view head);

}  // namespace bench
