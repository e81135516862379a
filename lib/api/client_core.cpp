#include "api/client_core.hpp"

#include <stdexcept>
#include <utility>

#include "api/deadline.hpp"
#include "api/throw_error.hpp"

namespace websocket {
namespace {

using TimePoint = net::Clock::time_point;

// How much may come in while a send waits for room, and a message more; then the peer has to wait as well.
bool is_full(const api::Inbox& inbox) {
  constexpr std::size_t most_messages = 1024;
  constexpr std::size_t most_bytes = std::size_t{64} << 20U;
  return inbox.size() >= most_messages || inbox.bytes() >= most_bytes;
}

std::string in_words(const std::optional<Duration>& timeout) {
  return std::to_string(timeout ? timeout->count() : 0) + " ms";
}

}  // namespace

void WebSocket::Implementation::connect(std::string_view url) {
  if (session_ && !ended_) throw std::logic_error("the WebSocket is connected already");
  const Call call(*this);
  std::string wanted(url);  // which may be a view of what the former session was answered
  drop_session();
  local_address_.clear();
  remote_address_.clear();
  opened_ = ended_ = end_is_told_ = false;
  inbox_.clear();
  url_ = std::move(wanted);
  try {
    open_session();
  } catch (...) {
    session_.reset();  // half made nobody could use it
    throw;
  }
  if (ended_) {
    end_is_told_ = true;
    const auto& [opened, info, error] = session_->result();
    if (error) api::throw_error(*error, info);
    api::throw_error(Errc::not_connected, Stage::connect, "not connected", info);
  }
}

// Until it is open, or has ended.
void WebSocket::Implementation::open_session() {
  engine::Session::Owner& owner = *this;
  session_ = std::make_shared<engine::Session>(
      host_.loop,
      engine::SessionSettings{
          .url = url_, .options = *options_, .keys = host_.keys, .trace = trace_},
      owner);
  session_->start();
  is_ssl_ = session_->is_secure();
  while (!opened_ && !ended_) {
    if (pull()) continue;
    ask_for_addresses();                         // while the server thinks
    host_.loop.run_one_until(TimePoint::max());  // the session keeps the deadline
  }
}

// Once there is a connection; they are known when it has ended, too.
void WebSocket::Implementation::ask_for_addresses() {
  if (!remote_address_.empty()) return;
  local_address_ = session_->local_address();
  remote_address_ = session_->remote_address();
}

// Takes what came; whether anything did.
bool WebSocket::Implementation::pull() {
  const auto event = session_->next_event();
  if (!event) return false;
  take(*event);
  return true;
}

void WebSocket::Implementation::take(const protocol::Event& event) {
  if (const auto* message = std::get_if<protocol::MessageReceived>(&event)) {
    // It is full only while the end is awaited.
    if (!is_full(inbox_)) inbox_.add({own(*message), message->opcode});
  } else if (std::holds_alternative<protocol::Opened>(event)) {
    opened_ = true;
  } else if (std::holds_alternative<protocol::Closed>(event)) {
    ended_ = true;
  }
}

void WebSocket::Implementation::send(Opcode opcode, std::string_view payload) {
  if (!connected()) {
    const Call call(*this);
    if (session() != nullptr) wait_for_the_end();  // so that the code it closed with can be told
    throw_why_closed();
  }
  session_->send(opcode, payload);
  session_->flush();
  if (!session_->has_output() && !gave_view_) return;
  const Call call(*this);
  // While the peer takes nothing it may be waiting for us to take something.
  api::Deadline deadline(timeout_);
  while (session_->has_output()) {
    while (!is_full(inbox_) && pull()) {
    }
    if (ended_) throw_why_closed();
    if (!session_->has_output()) return;
    if (deadline.is_long_past() || host_.loop.run_one_until(deadline.get()) == 0) {
      api::throw_error(Errc::send_timeout, Stage::open,
                       "sending took longer than " + in_words(timeout_) +
                           "; the rest goes out with the next calls");
    }
  }
}

bool WebSocket::Implementation::wait_for_message(const std::optional<Duration>& timeout,
                                                 Message& message) {
  inbox_.forget_taken();
  if (session() == nullptr) throw_why_closed();
  api::Deadline deadline(timeout);
  while (inbox_.empty()) {
    if (session_->next_plain_message(message)) return true;
    if (ended_) throw_why_closed();
    if (const auto event = session_->next_event()) {
      if (const auto* received = std::get_if<protocol::MessageReceived>(&*event)) {
        message = *received;
        return true;
      }
      take(*event);
      continue;
    }
    host_.loop.lend_read_buffer();  // nothing is left of a former view
    if (deadline.is_long_past() || host_.loop.run_one_until(deadline.get()) == 0) return false;
  }
  message = inbox_.take();
  return true;
}

void WebSocket::Implementation::throw_nothing_came() {
  api::throw_error(Errc::receive_timeout, Stage::open,
                   "no message came within " + in_words(timeout_));
}

CloseInfo WebSocket::Implementation::close(std::uint16_t code, std::string_view reason) {
  if (session() == nullptr) return {};
  const Call call(*this);
  session_->close(code, reason);
  wait_for_the_end();
  inbox_.clear();
  end_is_told_ = true;
  return session_->result().info;
}

// The error that ended the connection is told once, as what it is; afterwards the connection is
// closed.
void WebSocket::Implementation::throw_why_closed() {
  if (is_inherited()) {
    api::throw_error(Errc::not_connected, Stage::open,
                     "the connection belongs to the process that this one was forked from");
  }
  if (!session_) {
    api::throw_error(Errc::not_connected, Stage::open, "not connected yet");
  }
  const engine::Session::Result& result = session_->result();
  if (ended_ && result.error && !std::exchange(end_is_told_, true)) {
    api::throw_error(*result.error, result.info);
  }
  std::string message = "the connection is closed";
  if (ended_) {
    message += ", code " + std::to_string(result.info.code);
    if (!result.info.reason.empty()) message += " '" + result.info.reason + "'";
  }
  api::throw_error(Errc::not_connected, Stage::open, std::move(message), result.info);
}

// Closing is under way: the session sees to it that this takes no longer than close_timeout.
void WebSocket::Implementation::wait_for_the_end() {
  while (!ended_) {
    if (!pull()) host_.loop.run_one_until(TimePoint::max());
  }
}

void WebSocket::Implementation::drop_session() {
  response_.reset();
  if (session_) session_->abandon();
  session_.reset();
}

}  // namespace websocket
