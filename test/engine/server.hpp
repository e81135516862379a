// A WebSocket server without I/O, as far as a script wants one: answers the handshake, notes the
// frames that come, and does what it is told to. It writes through a Link, so that it serves over
// any ground.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/fake_loop.hpp"
#include "protocol/wire.hpp"

namespace engine_test {

class Server {
 public:
  // The way to one client.
  class Link {
   public:
    virtual ~Link() = default;
    virtual std::string take() = 0;  // what has come since
    virtual bool client_has_ended() = 0;
    virtual void write(std::string_view bytes) = 0;
    virtual void end() = 0;
  };

  // What a server does by itself.
  struct Habits {
    bool answers = true;       // the handshake, with 101
    std::string instead = {};  // bytes to answer in place of the 101
    std::string lines = {};    // more header lines in the 101, each with its CR LF
    std::string behind = {};   // bytes in the same segment as the 101
    bool echoes = false;       // messages
    bool pongs = true;
    bool closes_back = true;       // a Close frame with the same code
    bool ends_after_close = true;  // the stream, once Close frames went both ways
    bool ends_after_answer = false;
  };

  Server(std::shared_ptr<Link> link, Habits habits) : link_(std::move(link)), habits_(habits) {}

  // Something has come.
  void look();

  void write(std::string_view bytes) { link_->write(bytes); }
  void close(unsigned code, std::string_view reason = {});
  void end() { link_->end(); }

  Habits& habits() noexcept { return habits_; }
  const std::string& request() const noexcept { return request_; }
  // The client's frames as words, and whether all were masked.
  const std::vector<std::string>& frames() const noexcept { return frames_; }
  bool all_masked() const noexcept { return all_masked_; }
  bool client_has_ended() { return link_->client_has_ended(); }

 private:
  void answer(std::size_t request_size);
  bool take_frame();
  void react(const wire::Frame& frame);

  std::shared_ptr<Link> link_;
  Habits habits_;
  std::string request_;
  std::string bytes_;
  std::vector<std::string> frames_;
  bool all_masked_ = true;
  bool close_sent_ = false;
};

// Serves every connection of a FakeLoop.
class FakeServers {
 public:
  FakeServers(FakeLoop& loop, Server::Habits habits);

  Server& last() { return *servers.back(); }
  Wire& wire() { return *loop_.wires.back(); }
  const std::shared_ptr<Wire>& shared_wire() { return loop_.wires.back(); }

  Server::Habits habits;  // of those to come
  std::vector<std::shared_ptr<Server>> servers;

 private:
  FakeLoop& loop_;
};

}  // namespace engine_test
