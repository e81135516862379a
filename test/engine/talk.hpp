// A session that is open, with nothing under way, and the server it talks with.
#pragma once

#include <doctest/doctest.h>

#include <utility>

#include "engine/fake_loop.hpp"
#include "engine/server.hpp"
#include "engine/user.hpp"

namespace engine_test {

struct Talk {
  explicit Talk(Server::Habits habits = {}, ConnectOptions options = {})
      : servers(loop, std::move(habits)), user(loop, "ws://example.com/", std::move(options)) {
    user.start();
    loop.run();
    REQUIRE(joined(user.take_told()) == joined({"opened"}));
  }
  Server& server() { return servers.last(); }
  Wire& wire() { return servers.wire(); }

  FakeLoop loop;
  FakeServers servers;
  User user;
};

}  // namespace engine_test
