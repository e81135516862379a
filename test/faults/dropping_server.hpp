// A server of the tests' own that lets nobody stay: every connection ends soon, each in another way.
#pragma once

#include <cstdint>
#include <thread>

#include "support/descriptor.hpp"
#include "support/raw_server.hpp"

namespace faults {

/// One thread, one connection at a time, so that it needs no more for thousands of them.
class DroppingServer {
 public:
  DroppingServer();
  ~DroppingServer();
  DroppingServer(const DroppingServer&) = delete;
  DroppingServer& operator=(const DroppingServer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  void run();
  bool wait_for_client();

  support::Descriptor listener_;
  support::Descriptor stop_;  // readable once the server ends
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace faults
