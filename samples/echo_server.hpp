// An echo server inside the program, for samples and tests: no other program and no network needed.
// It is no part of the library's public API.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace samples {

/// Listens on 127.0.0.1 and sends every message back as it came, text as text and binary as binary,
/// to as many clients as there are. Runs on a thread of its own until it is destroyed, which ends
/// its connections at once.
class EchoServer {
 public:
  /// Port 0: one that is free. Throws std::system_error when it cannot listen there.
  explicit EchoServer(std::uint16_t port = 0);
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  /// "ws://127.0.0.1:50412/"
  std::string url() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace samples
