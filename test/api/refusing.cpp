#include "api/refusing.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include "api/probe.hpp"
#include "support/refused_memory.hpp"

using support::RawConnection;

namespace api_test {

// Compressed as in RFC 7692 7.2.3.1.
void say_hello(RawConnection& connection) {
  constexpr std::string_view compressed("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
  constexpr std::uint8_t text = 1;
  constexpr std::uint8_t rsv1 = 0x40;
  const std::string request = connection.read_until("\r\n\r\n");
  const std::string extensions = support::header_value(request, "Sec-WebSocket-Extensions");
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      support::accept_value(support::header_value(request, "Sec-WebSocket-Key")) + "\r\n";
  if (!extensions.empty()) answer += "Sec-WebSocket-Extensions: permessage-deflate\r\n";
  connection.write(answer + "\r\n");
  if (extensions.empty()) {
    connection.write_text("Hello");
  } else {
    connection.write_frame(true, text | rsv1, compressed);
  }
  connection.read_frame();  // the client's Close
  connection.write_close(1000);
}

void say_hello_and_wait(RawConnection& connection) {
  connection.accept_handshake();
  connection.write_text("Hello");
  connection.wait_for_end();
}

websocket::ConnectOptions refusing(int which) {
  auto options = quick();
  options.header_factory = [which, is_first = true]() mutable {
    if (std::exchange(is_first, false)) support::until_one_is_refused = which;
    return websocket::Headers();
  };
  return options;
}

}  // namespace api_test
