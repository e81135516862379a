#include "life/moody_server.hpp"

#include <thread>

namespace life {

using support::RawConnection;
using support::RawFrame;
using support::server_frame;

MoodyServer::MoodyServer(std::uint64_t seed)
    : dice_(seed), server_(std::make_unique<support::RawServer>([this](RawConnection& connection) {
        serve(connection);
      })) {}

std::size_t MoodyServer::received(const std::string& word) const {
  const std::lock_guard lock(mutex_);
  const auto found = received_.find(word);
  return found == received_.end() ? 0 : found->second;
}

MoodyServer::Mood MoodyServer::next_mood() {
  const std::lock_guard lock(mutex_);
  // Half of them echo, so that something happens.
  const auto choice = dice_() % 18;
  return choice > 9 ? Mood::echo : static_cast<Mood>(choice);
}

void MoodyServer::serve(RawConnection& connection) {
  const Mood mood = next_mood();
  switch (mood) {
    case Mood::hang_up:
      return;
    case Mood::no_answer:
      return connection.wait_for_end();
    case Mood::bad_status:
      connection.read_until("\r\n\r\n");
      return connection.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    case Mood::echo:
    case Mood::slow_echo:
    case Mood::silence:
    case Mood::reset:
    case Mood::close:
    case Mood::half_a_frame:
    case Mood::violation:
      connection.accept_handshake();
      return talk(connection, mood);
  }
}

void MoodyServer::talk(RawConnection& connection, Mood mood) {
  switch (mood) {
    case Mood::echo:
    case Mood::slow_echo:
      return echo(connection, mood == Mood::slow_echo);
    case Mood::silence:
      for (;;) read_frame(connection);
    case Mood::reset:
      read_frame(connection);
      return connection.reset();
    case Mood::close:
      connection.write(server_frame(true, 1, "good bye"));
      connection.write_close(1001, "going away");
      connection.shutdown();
      return connection.wait_for_end();
    case Mood::half_a_frame:
      connection.write("\x81\x05he");
      for (;;) read_frame(connection);
    case Mood::violation:
      connection.write(server_frame(true, 3, ""));
      return connection.wait_for_end();
    case Mood::hang_up:
    case Mood::no_answer:
    case Mood::bad_status:
      return;
  }
}

void MoodyServer::echo(RawConnection& connection, bool slow) {
  for (;;) {
    const RawFrame frame = read_frame(connection);
    const auto opcode = static_cast<std::uint8_t>(frame.opcode == 9 ? 10 : frame.opcode);
    const std::string answer = server_frame(true, opcode, frame.payload);
    if (slow) {
      for (const char byte : answer) {
        connection.write({&byte, 1});
        std::this_thread::yield();
      }
    } else {
      connection.write(answer);
    }
    if (frame.opcode == 8) return;
  }
}

RawFrame MoodyServer::read_frame(RawConnection& connection) {
  RawFrame frame = connection.read_frame();
  if (frame.opcode == 1 || frame.opcode == 2) {
    const std::lock_guard lock(mutex_);
    ++received_[frame.payload.substr(0, frame.payload.find(' '))];
  }
  return frame;
}

}  // namespace life
