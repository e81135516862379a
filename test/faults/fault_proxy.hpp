// A TCP proxy on 127.0.0.1 that does to each connection what its plan says: one thread and poll(2)
// for all of them.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "relay.hpp"
#include "support/descriptor.hpp"

namespace faults {

/// Serves from its construction until its destruction, which drops what is still open.
class FaultProxy {
 public:
  explicit FaultProxy(std::uint16_t server_port);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  /// Both run on the proxy's thread: the plan of the next connection when it is accepted, and what
  /// became of one when it is over.
  struct Entrance {
    std::function<Plan()> plan;
    std::function<void(const Plan&, const Traffic&)> over{};
    int receive_buffer_size = 0;  ///< of the client's side; 0: the system's
  };
  /// Opens one more port, and returns it.
  std::uint16_t listen(Entrance entrance);

 private:
  struct Door {
    support::Descriptor socket;
    Entrance entrance;
  };
  struct Passage {
    Relay relay;
    Plan plan;
    const Door* door;
  };

  void run();
  bool wait_and_serve();
  void accept_from(const Door& door);
  int milliseconds_to_wait() const;

  std::uint16_t server_port_;
  support::Descriptor wake_;
  std::mutex mutex_;
  std::list<Door> new_doors_;  // the proxy's thread takes them over
  bool stopping_ = false;

  // The proxy's thread alone:
  std::list<Door> doors_;
  std::list<Passage> passages_;
  std::thread thread_;
};

}  // namespace faults
