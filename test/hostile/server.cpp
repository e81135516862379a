// The hostile server's two sides, and what scripts have in common.
#include "hostile/server.hpp"

#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace hostile {

using support::RawConnection;

HostileServer::HostileServer(Script script)
    : script_(std::move(script)),
      server_([this](RawConnection& connection) { serve(connection); }) {}

void HostileServer::serve(RawConnection& connection) {
  const bool is_hostile = visits_++ % 3 == 1;
  const std::string request = connection.read_until("\r\n\r\n");
  if (is_hostile) return script_(connection, request);
  connection.write(switching_protocols(request));
  connection.write_text(welcome);
  close_in_order(connection);
}

std::string switching_protocols(const std::string& request, std::string_view more_lines) {
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  answer += support::accept_value(support::header_value(request, "Sec-WebSocket-Key"));
  answer += "\r\n";
  answer += more_lines;
  return answer += "\r\n";
}

void close_in_order(RawConnection& connection) {
  connection.write_close(1000);
  while (connection.read_frame().opcode != 8) {
  }
}

Farewell read_farewell(RawConnection& connection) {
  Farewell farewell;
  do {
    farewell.frames.push_back(connection.read_frame());
  } while (farewell.frames.back().opcode != 8);
  for (;;) {
    const std::string more = connection.read_some();
    if (more.empty()) return farewell;
    farewell.behind += more;
  }
}

FrameServer::FrameServer(std::string bytes, Pieces pieces, std::string more_lines)
    : bytes_(std::move(bytes)),
      pieces_(pieces),
      more_lines_(std::move(more_lines)),
      server_([this](RawConnection& connection, const std::string& request) {
        connection.write(switching_protocols(request, more_lines_));
        connection.write_text("before");
        switch (pieces_) {
          case Pieces::whole:
            connection.write(bytes_);
            break;
          case Pieces::single_bytes:
            for (const char byte : bytes_) connection.write({&byte, 1});
            break;
        }
        farewells.push(read_farewell(connection));
      }) {}

std::string raw(std::initializer_list<unsigned> bytes) {
  std::string text;
  for (const unsigned byte : bytes) text += static_cast<char>(static_cast<unsigned char>(byte));
  return text;
}

std::string repeated(std::string_view piece, std::size_t count) {
  std::string text;
  text.reserve(piece.size() * count);
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

bool is_read_by_client(std::uint16_t port) {
  constexpr int most_descriptors = 256;
  for (int descriptor = 0; descriptor < most_descriptors; ++descriptor) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != port) continue;
    int unread = 0;
    if (::ioctl(descriptor, FIONREAD, &unread) == 0 && unread > 0) return false;
  }
  return true;
}

}  // namespace hostile
