// The benchmark's other end, made of blocking sockets so that it is never the slower one. It speaks
// just enough WebSocket for its own clients, and the same without WebSocket to plain sockets:
//
//   /firehose?size=S&count=N   sends N messages of S bytes
//   /sink?size=S&count=N       reads N messages of S bytes, as clients frame them, then sends one
//   short message /echo?size=S               sends every message of S bytes back
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include "plain_socket.hpp"

namespace bench {

struct Task {
  enum class Kind : std::uint8_t { firehose, sink, echo } kind;
  std::size_t size;
  std::size_t count;
};

// On the wire, as a client or as a server frames a message.
std::size_t client_frame_size(std::size_t size);
std::size_t server_frame_size(std::size_t size);
// Frames of one message size in a row, at least 256 KiB of them where there are that many.
std::string server_frames(std::size_t size, std::size_t count);

class LoadServer {
 public:
  LoadServer();
  ~LoadServer();

  std::string url(const Task& task) const;
  // A socket that is past saying what it wants: what follows is the same bytes, without WebSocket's
  // handshake.
  PlainSocket plain(const Task& task) const;

 private:
  void accept_all();
  static void serve(PlainSocket socket);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace bench
