#include "relay.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace faults {
namespace {

constexpr std::size_t most_pending = 65536;

// Closing it sends a reset, whatever was read.
void reset_on_close(int socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

pollfd entry(int socket, int events) {
  // Of a socket from which nothing is wanted, poll would tell the end again and again.
  return {events == 0 ? -1 : socket, static_cast<short>(events), 0};
}

}  // namespace

// ---- one direction

short Lane::events_of_source() const {
  switch (mode_) {
    case Mode::passing:
    case Mode::dribbling:
      return !source_ended_ && most_to_read() > 0 ? short{POLLIN} : short{0};
    case Mode::discarding:
      return POLLIN;
    case Mode::stalled:
      return POLLRDHUP;
    case Mode::held:
    case Mode::ended:
      break;
  }
  return 0;
}

std::size_t Lane::most_to_read() const {
  if (!pending_.empty()) return 0;
  if (mode_ == Mode::dribbling) return 1;
  if (mode_ == Mode::discarding || fault_came_ || way_.fault == Fault::none) return most_pending;
  return std::min(most_pending, way_.after - taken_);
}

Lane::Outcome Lane::advance(short source_events) {
  if (mode_ == Mode::ended) return Outcome::goes_on;
  if (mode_ == Mode::stalled) {
    // Whoever waited for an answer has had enough. That does not show where its farewell is stuck
    // behind what we do not read.
    const bool source_is_gone = (source_events & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
    const bool time_is_over = way_.hold.count() > 0 && Clock::now() >= held_until_;
    return source_is_gone || time_is_over ? Outcome::cut : Outcome::goes_on;
  }
  if (mode_ == Mode::held) {
    if (Clock::now() < held_until_) return Outcome::goes_on;
    mode_ = Mode::passing;
  }
  if (mode_ == Mode::dribbling && way_.hold.count() > 0 && Clock::now() >= held_until_) {
    mode_ = Mode::passing;
  }
  if ((source_events & (POLLIN | POLLHUP | POLLERR)) != 0 && !read()) return Outcome::reset;
  if (!write()) return Outcome::reset;
  if (mode_ == Mode::discarding) {
    if (source_ended_) mode_ = Mode::ended;
    return Outcome::goes_on;
  }
  if (!pending_.empty()) return Outcome::goes_on;
  const bool is_due = way_.fault != Fault::none && !fault_came_ && taken_ == way_.after;
  if (is_due) return begin_fault();
  if (source_ended_) {
    ::shutdown(to_, SHUT_WR);
    mode_ = Mode::ended;
  }
  return Outcome::goes_on;
}

// False when the source is gone with a reset.
bool Lane::read() {
  std::array<char, most_pending> buffer;
  const std::size_t size = most_to_read();
  if (size == 0 || source_ended_) return true;
  const ssize_t count = ::recv(from_, buffer.data(), size, MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) source_ended_ = true;
  if (mode_ == Mode::discarding) return true;
  pending_.append(buffer.data(), static_cast<std::size_t>(count));
  taken_ += static_cast<std::size_t>(count);
  return true;
}

// False when the receiver is gone.
bool Lane::write() {
  if (pending_.empty()) return true;
  const ssize_t count = ::send(to_, pending_.data(), pending_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  pending_.erase(0, static_cast<std::size_t>(count));
  passed_ += static_cast<std::size_t>(count);
  return true;
}

Lane::Outcome Lane::begin_fault() {
  fault_came_ = true;
  switch (way_.fault) {
    case Fault::cut:
      return Outcome::cut;
    case Fault::reset:
      return Outcome::reset;
    case Fault::half_close:
      discard();
      return Outcome::goes_on;
    case Fault::stall:
      mode_ = Mode::stalled;
      held_until_ = Clock::now() + way_.hold;
      return Outcome::goes_on;
    case Fault::delay:
      mode_ = Mode::held;
      held_until_ = Clock::now() + way_.hold;
      return Outcome::goes_on;
    case Fault::dribble:
      mode_ = Mode::dribbling;
      held_until_ = Clock::now() + way_.hold;
      return Outcome::goes_on;
    case Fault::none:
      break;
  }
  return Outcome::goes_on;
}

void Lane::discard() {
  if (mode_ == Mode::ended) return;
  pending_.clear();
  ::shutdown(to_, SHUT_WR);
  mode_ = source_ended_ ? Mode::ended : Mode::discarding;
}

std::optional<Clock::time_point> Lane::held_until() const {
  const bool has_end = mode_ == Mode::held || (mode_ == Mode::stalled && way_.hold.count() > 0);
  if (!has_end) return std::nullopt;
  return held_until_;
}

// ---- both

Relay::Relay(support::Descriptor client, support::Descriptor server, const Plan& plan)
    : client_(std::move(client)),
      server_(std::move(server)),
      to_server_(client_.get(), server_.get(), plan.to_server),
      to_client_(server_.get(), client_.get(), plan.to_client) {}

pollfd Relay::client_entry() const {
  return entry(client_.get(), to_server_.events_of_source() | to_client_.events_of_sink());
}

pollfd Relay::server_entry() const {
  return entry(server_.get(), to_client_.events_of_source() | to_server_.events_of_sink());
}

void Relay::advance(short client_events, short server_events) {
  obey(to_server_.advance(client_events));
  if (!over_) obey(to_client_.advance(server_events));
  if (to_server_.ended() && to_client_.ended()) over_ = true;
  if (over_) {
    client_.close();
    server_.close();
  }
}

void Relay::obey(Lane::Outcome outcome) {
  switch (outcome) {
    case Lane::Outcome::goes_on:
      break;
    case Lane::Outcome::cut:
      to_server_.discard();
      to_client_.discard();
      break;
    case Lane::Outcome::reset:
      reset_on_close(client_.get());
      reset_on_close(server_.get());
      over_ = true;
      break;
  }
}

std::optional<Clock::time_point> Relay::held_until() const {
  const auto there = to_server_.held_until();
  const auto back = to_client_.held_until();
  if (there && back) return std::min(*there, *back);
  return there ? there : back;
}

Traffic Relay::traffic() const {
  return {to_server_.passed(), to_client_.passed(),
          to_server_.fault_came() || to_client_.fault_came()};
}

}  // namespace faults
