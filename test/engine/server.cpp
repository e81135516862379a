#include "engine/server.hpp"

#include <optional>
#include <utility>

#include "support/raw_server.hpp"

namespace engine_test {
namespace {

class WireLink final : public Server::Link {
 public:
  explicit WireLink(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
  std::string take() override { return std::exchange(wire_->from_client, {}); }
  bool client_has_ended() override { return wire_->client_has_ended; }
  void write(std::string_view bytes) override { write_to_client(wire_, bytes); }
  void end() override { end_towards_client(wire_); }

 private:
  std::shared_ptr<Wire> wire_;
};

// How long the first frame of those bytes is, when it is whole.
std::optional<std::size_t> first_frame(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < 2) return std::nullopt;
  std::size_t header = 2 + ((at(1) & 128U) != 0 ? 4 : 0);
  std::size_t payload = at(1) & 127U;
  const std::size_t extended = payload == 126 ? 2 : payload == 127 ? 8 : 0;
  header += extended;
  if (bytes.size() < header) return std::nullopt;
  if (extended > 0) payload = 0;
  for (std::size_t i = 0; i < extended; ++i) payload = payload << 8U | at(2 + i);
  if (bytes.size() < header + payload) return std::nullopt;
  return header + payload;
}

}  // namespace

void Server::look() {
  bytes_ += link_->take();
  if (request_.empty()) {
    const std::size_t end = bytes_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    answer(end + 4);
  }
  while (take_frame()) {
  }
}

void Server::answer(std::size_t request_size) {
  request_ = bytes_.substr(0, request_size);
  bytes_.erase(0, request_size);
  if (!habits_.instead.empty()) {
    link_->write(habits_.instead);
  } else if (habits_.answers) {
    link_->write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        support::accept_value(support::header_value(request_, "Sec-WebSocket-Key")) + "\r\n" +
        habits_.lines + "\r\n" +
        habits_.behind);
  }
  if (habits_.ends_after_answer) link_->end();
}

bool Server::take_frame() {
  const auto size = first_frame(bytes_);
  if (!size) return false;
  const std::string frame = bytes_.substr(0, *size);
  bytes_.erase(0, *size);
  frames_.push_back(wire::describe(frame).front());
  const wire::Frame parsed = wire::parse(frame).front();
  all_masked_ = all_masked_ && parsed.key.has_value();
  react(parsed);
  return true;
}

void Server::react(const wire::Frame& frame) {
  wire::Frame back = frame;
  back.key.reset();
  back.length = wire::Length::fewest;
  if (frame.opcode < 3 && habits_.echoes) link_->write(wire::bytes(back));
  if (frame.opcode == 9 && habits_.pongs) {
    back.opcode = 10;
    link_->write(wire::bytes(back));
  }
  if (frame.opcode != 8) return;
  if (habits_.closes_back && !std::exchange(close_sent_, true)) link_->write(wire::bytes(back));
  if (close_sent_ && habits_.ends_after_close) link_->end();
}

void Server::close(unsigned code, std::string_view reason) {
  close_sent_ = true;
  link_->write(wire::close(code, reason));
}

FakeServers::FakeServers(FakeLoop& loop, Server::Habits all_habits)
    : habits(std::move(all_habits)), loop_(loop) {
  loop.accepted = [this](const std::shared_ptr<Wire>& wire) {
    auto server = std::make_shared<Server>(std::make_shared<WireLink>(wire), habits);
    servers.push_back(server);
    // The server has the wire already.
    wire->told = [weak = std::weak_ptr(server)] {
      if (const auto alive = weak.lock()) alive->look();
    };
  };
}

}  // namespace engine_test
