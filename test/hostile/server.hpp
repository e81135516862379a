// Servers for the visits of visit.hpp: welcoming, hostile, welcoming again.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "support/event.hpp"
#include "support/raw_server.hpp"

namespace hostile {

/// The only message of a welcoming connection, which the server then closes with 1000.
inline constexpr std::string_view welcome = "welcome";

/// Every second of three connections is the script's, after its request was read.
class HostileServer {
 public:
  using Script = std::function<void(support::RawConnection&, const std::string& request)>;

  explicit HostileServer(Script script);

  std::string url(std::string_view path = "/") const { return server_.url(path); }
  std::uint16_t port() const { return server_.port(); }
  int accepted() const { return server_.accepted(); }
  std::vector<std::string> problems() const { return server_.problems(); }

 private:
  void serve(support::RawConnection& connection);

  Script script_;
  std::atomic<int> visits_{0};
  support::RawServer server_;  // last: its threads use the others
};

/// The answer 101 to a request, with more lines besides (each with its CR LF).
std::string switching_protocols(const std::string& request, std::string_view more_lines = {});

/// Closes with 1000 and reads up to the client's Close frame: it is the server who ends TCP first, RFC
/// 6455 7.1.1.
void close_in_order(support::RawConnection& connection);

/// What a client sent until it ended the connection.
struct Farewell {
  std::vector<support::RawFrame> frames;  ///< up to the Close frame
  std::string behind;                     ///< what came behind that
  std::uint16_t code() const { return frames.empty() ? 0 : frames.back().close_code(); }
};
/// Reads all of it; throws RawError where there is no Close frame.
Farewell read_farewell(support::RawConnection& connection);

enum class Pieces { whole, single_bytes };

/// Opens with those lines besides, sends the text "before" and then these bytes, and keeps what
/// comes back.
class FrameServer {
 public:
  explicit FrameServer(std::string bytes, Pieces pieces = Pieces::whole,
                       std::string more_lines = {});
  std::string url() const { return server_.url(); }
  std::vector<std::string> problems() const { return server_.problems(); }

  support::Mailbox<Farewell> farewells;

 private:
  std::string bytes_;
  Pieces pieces_;
  std::string more_lines_;
  HostileServer server_;
};

/// Bytes from numbers.
std::string raw(std::initializer_list<unsigned> bytes);
std::string repeated(std::string_view piece, std::size_t count);

/// Whether clients in this process have taken everything from the system that a server at that port
/// has sent.
[[nodiscard]] bool is_read_by_client(std::uint16_t port);

}  // namespace hostile
