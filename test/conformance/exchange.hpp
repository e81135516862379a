// The server's side of a row: one listening socket for the whole program, and one connection for each
// play of a row. Every frame of the client's is held against RFC 6455 5.1, 5.2 and 5.5.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "conformance/case.hpp"
#include "support/descriptor.hpp"
#include "support/event.hpp"
#include "support/raw_server.hpp"

namespace conformance {

enum class Chunking : std::uint8_t { whole, bytewise, cuts };
const char* name_of(Chunking chunking);

/// What the server saw.
struct Seen {
  std::vector<std::string> problems;       ///< sentences; none when all was right
  std::vector<support::RawFrame> frames;   ///< those of the client but Close
  std::optional<support::RawFrame> close;  ///< the client's Close frame
};

/// Takes connections one after the other, each in the hands of the script it was told before.
class Server {
 public:
  using Script = std::function<void(support::RawConnection&)>;

  Server();
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url(std::string_view path = "/") const;
  /// For the next connection. `wait` waits for its end and gives what went wrong, or "".
  void serve_next(Script script);
  std::string wait();

 private:
  void run();
  std::string serve(const Script& script);

  support::Descriptor listener_;
  support::Descriptor never_;  // what a RawConnection stops for
  std::uint16_t port_ = 0;
  support::Mailbox<Script> scripts_;  // an empty one ends the thread
  support::Mailbox<std::string> outcomes_;
  std::thread thread_;
};

/// The program's server, started when first asked for.
Server& server();

/// The next frame of the client's, or nothing at the end of the stream. What is left stays in
/// `unread`.
std::optional<support::RawFrame> next_frame(support::RawConnection& connection,
                                            std::string& unread);
/// What RFC 6455 has against a frame of a client's, or "".
std::string complaint(const support::RawFrame& frame, std::uint8_t reserved_bits_allowed = 0);

/// Plays the server of a row.
void play_server(support::RawConnection& connection, const Case& row, Chunking chunking,
                 Seen& seen);

}  // namespace conformance
