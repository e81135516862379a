// A server that treats each connection in another way, as a random choice has it, and keeps count of the
// messages that reach it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>

#include "support/raw_server.hpp"

namespace life {

class MoodyServer {
 public:
  explicit MoodyServer(std::uint64_t seed);

  std::string url() const { return server_->url(); }
  /// Ends its connections; then the count is final.
  void stop() { server_.reset(); }
  /// How many messages came that begin with this word and a space.
  std::size_t received(const std::string& word) const;

 private:
  enum class Mood : std::uint8_t {
    echo,
    slow_echo,
    silence,
    reset,
    close,
    half_a_frame,
    violation,
    hang_up,
    no_answer,
    bad_status
  };
  Mood next_mood();
  void serve(support::RawConnection& connection);
  void talk(support::RawConnection& connection, Mood mood);
  void echo(support::RawConnection& connection, bool slow);
  support::RawFrame read_frame(support::RawConnection& connection);

  mutable std::mutex mutex_;
  std::mt19937_64 dice_;
  std::map<std::string, std::size_t> received_;
  std::unique_ptr<support::RawServer> server_;
};

}  // namespace life
