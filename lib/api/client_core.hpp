// What a WebSocket is inside: a session, and a loop that is run by whoever waits. Nothing happens
// between the calls.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <websocket/client.hpp>

#include "api/connection_trace.hpp"
#include "api/home_process.hpp"
#include "api/inbox.hpp"
#include "api/loop_host.hpp"
#include "api/shared_options.hpp"
#include "engine/session.hpp"

namespace websocket {

class WebSocket::Implementation final : private engine::Session::Owner {
 public:
  explicit Implementation(ConnectOptions&& options) : options_(api::shared(std::move(options))) {
    if (options_->timeout > Duration::zero()) timeout_ = options_->timeout;
  }
  ~Implementation() { drop_session(); }

  void connect(std::string_view url);
  void send(Opcode opcode, std::string_view payload);

  // At the end of a call nothing is a view any more, but what it says it gives; what isn't needed
  // until the next one is given back.
  class Call {
   public:
    explicit Call(Implementation& of) : of_(of) { of_.gave_view_ = false; }
    ~Call() {
      if (!of_.gave_view_) of_.give_memory_back();
    }
    void gives_view() const { of_.gave_view_ = true; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Implementation& of_;
  };
  // The next message, valid until the end of the call, or of the next one where the call gives a view.
  // False: none came in time.
  bool receive_within(const std::optional<Duration>& timeout, Message& message) {
    return take_plain_message(message) || wait_for_message(timeout, message);
  }
  // Throws when none came in time.
  void receive(Message& message) {
    if (!receive_within(timeout_, message)) throw_nothing_came();
  }
  // Its payload as a string; the message is of no more use.
  std::string own(const Message& message) {
    return inbox_.has_taken(message.data) ? inbox_.give_taken() : session_->own(message.data);
  }
  CloseInfo close(std::uint16_t code, std::string_view reason);

  void set_timeout(std::optional<Duration> timeout) { timeout_ = timeout; }
  bool connected() const noexcept { return session() != nullptr && session_->is_open(); }
  bool is_ssl() const noexcept { return is_ssl_; }
  const engine::Session* session() const noexcept {
    return home_.is_here() ? session_.get() : nullptr;
  }
  std::string local_address() const { return session() != nullptr ? local_address_ : ""; }
  std::string remote_address() const { return session() != nullptr ? remote_address_ : ""; }
  const Response& response() const {
    const auto latest = answer();
    if (!response_) response_ = latest ? latest->response.unpack() : Response();
    return *response_;
  }
  std::shared_ptr<const protocol::HandshakeAnswer> answer() const noexcept {
    return session() != nullptr ? session_->answer() : nullptr;
  }

  // What is to replace one that this process inherited by fork().
  static std::unique_ptr<Implementation> left_to_parent(std::unique_ptr<Implementation> inherited) {
    ConnectOptions options = *inherited->options_;
    api::leave_as_it_is(std::shared_ptr<Implementation>(std::move(inherited)));
    return std::make_unique<Implementation>(std::move(options));
  }
  bool is_inherited() const noexcept { return !home_.is_here(); }

 private:
  // Events are pulled when somebody asks; nothing to do here.
  void session_has_events() override {}

  bool has_input_left() const noexcept { return session_ && session_->has_input() && !ended_; }
  void give_memory_back() {
    inbox_.forget_taken();
    if (session() == nullptr) return;
    session_->forget_given();
    if (!has_input_left()) host_.loop.lend_read_buffer();
  }
  void open_session();
  void ask_for_addresses();
  bool pull();
  // Most messages are here already when they are asked for: many came at once.
  bool take_plain_message(Message& message) {
    return session() != nullptr && inbox_.is_at_rest() && session_->next_plain_message(message);
  }
  bool wait_for_message(const std::optional<Duration>& timeout, Message& message);
  [[noreturn]] void throw_nothing_came();
  void take(const protocol::Event& event);
  [[noreturn]] void throw_why_closed();
  void wait_for_the_end();
  void drop_session();

  const api::HomeProcess home_;
  const api::SharedOptions options_;
  std::optional<Duration> timeout_;
  std::string url_;
  bool is_ssl_ = false;
  std::string local_address_;
  std::string remote_address_;
  api::ConnectionTrace trace_;
  api::LoopHost host_{api::LoopHost::Reached::from_its_own_thread};
  std::shared_ptr<engine::Session> session_;
  mutable std::optional<Response> response_;  // once somebody asked for it
  bool opened_ = false;
  bool ended_ = false;
  bool end_is_told_ = false;
  bool gave_view_ = false;  // the latest call did
  api::Inbox inbox_;        // what came while a send waited for room
};

}  // namespace websocket
