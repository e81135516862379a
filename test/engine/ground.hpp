// The grounds a scenario runs on: a FakeLoop with an in-memory stream, and the real AsioLoop with a
// TCP connection to a listener of the test. The same script serves on both.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/server.hpp"
#include "net/loop.hpp"

namespace engine_test {

class Ground {
 public:
  virtual ~Ground() = default;
  virtual net::Loop& loop() = 0;
  virtual std::string url() = 0;
  // Of the connection that was accepted last.
  virtual Server& server() = 0;
  // Runs client and server until it holds; false when the deadline has passed.
  virtual bool run_until(const std::function<bool()>& holds) = 0;
};

std::unique_ptr<Ground> in_memory(Server::Habits habits);
std::unique_ptr<Ground> over_tcp(Server::Habits habits);

}  // namespace engine_test
