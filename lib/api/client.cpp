// The synchronous face: a session whose loop is run by whoever waits.
#include <websocket/client.hpp>

#include <deque>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "api/close_arguments.hpp"
#include "api/connection_trace.hpp"
#include "api/deadline.hpp"
#include "api/home_process.hpp"
#include "api/loop_host.hpp"
#include "api/owned.hpp"
#include "api/shared_options.hpp"
#include "api/throw_error.hpp"
#include "base/seldom.hpp"
#include "base/utf8.hpp"
#include "engine/session.hpp"

namespace websocket {
namespace {

using api::owned;
using TimePoint = net::Clock::time_point;

// How much may come in while a send waits for room; then the peer has to wait as well.
constexpr std::size_t most_messages_put_aside = 1024;

Error make_error(Errc code, Stage stage, std::string message) {
  Error error;
  error.code = code;
  error.stage = stage;
  error.message = std::move(message);
  return error;
}

std::string in_words(const std::optional<Duration>& timeout) {
  return std::to_string(timeout ? timeout->count() : 0) + " ms";
}

}  // namespace

class WebSocket::Implementation final : private engine::Session::Owner {
 public:
  explicit Implementation(ConnectOptions options) : options_(api::shared(std::move(options))) {
    if (options_->timeout > Duration::zero()) timeout_ = options_->timeout;
  }
  ~Implementation() { drop_session(); }

  void connect(std::string_view url);
  void send(Opcode opcode, std::string_view payload);
  // At the end of a call nothing is a view any more: what isn't needed until the next one is lent.
  class Call {
   public:
    explicit Call(Implementation& of) : of_(of) {}
    ~Call() {
      if (of_.has_input_left() || of_.session() == nullptr) return;
      of_.host_.loop.lend_read_buffer();
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Implementation& of_;
  };

  // As a std::string of its data, as a ReceivedMessage, or as an optional one: nothing came in time.
  template <class Result>
  Result receive(const std::optional<Duration>& timeout);
  const std::optional<Duration>& timeout() const noexcept { return timeout_; }
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
  bool pull();
  template <class Result>
  Result wait_for_message(api::Deadline deadline);
  std::size_t put_aside() const noexcept { return inbox_ ? inbox_->size() : 0; }
  bool wait_for_more(api::Deadline& deadline);
  [[noreturn]] void throw_too_late();
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
  api::LoopHost host_;
  std::shared_ptr<engine::Session> session_;
  mutable std::optional<Response> response_;  // once somebody asked for it
  bool opened_ = false;
  bool ended_ = false;
  bool end_is_told_ = false;
  base::Seldom<std::deque<ReceivedMessage>> inbox_;  // what came while a send waited for room
};

// ---- what it does

void WebSocket::Implementation::connect(std::string_view url) {
  if (session_ && !ended_) throw std::logic_error("the WebSocket is connected already");
  const Call call(*this);
  drop_session();
  opened_ = ended_ = end_is_told_ = false;
  inbox_.reset();
  url_ = url;
  engine::Session::Owner& owner = *this;
  session_ = std::make_shared<engine::Session>(
      host_.loop,
      engine::SessionSettings{
          .url = url_, .options = *options_, .keys = host_.keys, .trace = trace_},
      owner);
  session_->start();
  while (!opened_ && !ended_) {
    if (!pull()) host_.loop.run_one_until(TimePoint::max());  // the session keeps the deadline
  }
  is_ssl_ = session_->is_secure();
  local_address_ = session_->local_address();
  remote_address_ = session_->remote_address();
  if (ended_) {
    end_is_told_ = true;
    api::throw_error(session_->result().error.value_or(
                         make_error(Errc::not_connected, Stage::connect, "not connected")),
                     session_->result().info);
  }
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
    inbox_.get().push_back(owned<ReceivedMessage>(*message));
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
  if (!session_->has_output()) return;
  const Call call(*this);
  // While the peer takes nothing it may be waiting for us to take something.
  api::Deadline deadline(timeout_);
  while (session_->has_output()) {
    while (put_aside() < most_messages_put_aside && pull()) {
    }
    if (ended_) throw_why_closed();
    if (!session_->has_output()) return;
    if (host_.loop.run_one_until(deadline.get()) == 0) {
      api::throw_error(make_error(Errc::send_timeout, Stage::open,
                                  "sending took longer than " + in_words(timeout_) +
                                      "; the rest goes out with the next calls"));
    }
  }
}

// Most messages are here already when they are asked for: many came at once.
template <class Result>
inline Result WebSocket::Implementation::receive(const std::optional<Duration>& timeout) {
  if (session() != nullptr && put_aside() == 0) {
    if (const auto* const message = session_->next_plain_message()) {
      const Call call(*this);
      return owned<Result>(*message);
    }
  }
  return wait_for_message<Result>(api::Deadline(timeout));
}

template <class Result>
Result WebSocket::Implementation::wait_for_message(api::Deadline deadline) {
  const Call call(*this);
  if (session() == nullptr) throw_why_closed();
  while (put_aside() == 0) {
    if (!wait_for_more(deadline)) {
      if constexpr (std::is_same_v<Result, std::optional<ReceivedMessage>>) {
        return std::nullopt;
      } else {
        throw_too_late();
      }
    }
    if (put_aside() > 0) break;
    if (const auto* const message = session_->next_plain_message()) return owned<Result>(*message);
  }
  ReceivedMessage first = std::move(inbox_->front());
  inbox_->pop_front();
  if (inbox_->empty()) inbox_.reset();
  return owned<Result>(std::move(first));
}

// False: not in time.
bool WebSocket::Implementation::wait_for_more(api::Deadline& deadline) {
  if (ended_) throw_why_closed();
  return pull() || host_.loop.run_one_until(deadline.get()) > 0;
}

void WebSocket::Implementation::throw_too_late() {
  api::throw_error(make_error(Errc::receive_timeout, Stage::open,
                              "no message came within " + in_words(timeout_)));
}

CloseInfo WebSocket::Implementation::close(std::uint16_t code, std::string_view reason) {
  if (session() == nullptr) return {};
  const Call call(*this);
  session_->close(code, reason);
  wait_for_the_end();
  inbox_.reset();
  end_is_told_ = true;
  return session_->result().info;
}

// The error that ended the connection is told once, as what it is; afterwards the connection is
// closed.
void WebSocket::Implementation::throw_why_closed() {
  if (is_inherited()) {
    api::throw_error(
        make_error(Errc::not_connected, Stage::open,
                   "the connection belongs to the process that this one was forked from"));
  }
  if (!session_) {
    api::throw_error(make_error(Errc::not_connected, Stage::open, "not connected yet"));
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
  api::throw_error(make_error(Errc::not_connected, Stage::open, std::move(message)), result.info);
}

// Closing is under way: the session sees to it that this takes no longer than close_timeout.
void WebSocket::Implementation::wait_for_the_end() {
  while (!ended_) {
    if (!pull()) host_.loop.run_one_until(TimePoint::max());
    if (put_aside() > most_messages_put_aside) inbox_->pop_back();
  }
}

void WebSocket::Implementation::drop_session() {
  response_.reset();
  if (session_) session_->abandon();
  session_.reset();
}

// ---- the public face

WebSocket::WebSocket(ConnectOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(options))) {}
WebSocket::~WebSocket() {
  if (!implementation_ || !implementation_->is_inherited()) return;
  api::leave_as_it_is(std::shared_ptr<Implementation>(std::move(implementation_)));
}
WebSocket::WebSocket(WebSocket&& other) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&& other) noexcept {
  if (this == &other) return *this;
  WebSocket former(std::move(*this));  // goes with what is done when one goes
  implementation_ = std::move(other.implementation_);
  return *this;
}

void WebSocket::connect(std::string_view url) {
  if (implementation_->is_inherited()) {
    implementation_ = Implementation::left_to_parent(std::move(implementation_));
  }
  implementation_->connect(url);
}

void WebSocket::send(std::string_view text) { send_text(text); }

void WebSocket::send_text(std::string_view text) {
  if (!base::is_utf8(text)) {
    api::throw_error(make_error(Errc::invalid_utf8_sent, Stage::open,
                                "the text to send is not UTF-8; send_bytes sends anything"));
  }
  implementation_->send(Opcode::text, text);
}

void WebSocket::send_bytes(std::span<const std::byte> data) {
  send_bytes({reinterpret_cast<const char*>(data.data()), data.size()});
}

void WebSocket::send_bytes(std::string_view data) { implementation_->send(Opcode::binary, data); }

namespace {

void require_control_payload(std::string_view payload) {
  if (payload.size() <= protocol::max_control_payload) return;
  api::throw_error(make_error(
      Errc::control_too_long_sent, Stage::open,
      "a ping or pong carries at most 125 bytes, not " + std::to_string(payload.size())));
}

}  // namespace

void WebSocket::ping(std::string_view payload) {
  require_control_payload(payload);
  implementation_->send(Opcode::ping, payload);
}

void WebSocket::pong(std::string_view payload) {
  require_control_payload(payload);
  implementation_->send(Opcode::pong, payload);
}

std::string WebSocket::recv() {
  return implementation_->receive<std::string>(implementation_->timeout());
}

ReceivedMessage WebSocket::recv_message() {
  return implementation_->receive<ReceivedMessage>(implementation_->timeout());
}

std::optional<ReceivedMessage> WebSocket::try_recv(Duration timeout) {
  return implementation_->receive<std::optional<ReceivedMessage>>(timeout);
}

void WebSocket::set_timeout(std::optional<Duration> timeout) {
  implementation_->set_timeout(timeout);
}

CloseInfo WebSocket::close(std::uint16_t code, std::string_view reason) {
  api::require_close_arguments(code, reason);
  return implementation_->close(code, reason);
}

bool WebSocket::connected() const noexcept { return implementation_->connected(); }
bool WebSocket::is_ssl() const noexcept { return implementation_->is_ssl(); }

std::string WebSocket::subprotocol() const {
  const auto answer = implementation_->answer();
  return answer ? answer->subprotocol() : std::string();
}

std::string WebSocket::extensions() const {
  const auto answer = implementation_->answer();
  return answer ? answer->extensions() : std::string();
}

const Response& WebSocket::response() const { return implementation_->response(); }

std::string WebSocket::local_address() const { return implementation_->local_address(); }

std::string WebSocket::remote_address() const { return implementation_->remote_address(); }

WebSocket create_connection(std::string_view url, ConnectOptions options) {
  WebSocket socket(std::move(options));
  socket.connect(url);
  return socket;
}

}  // namespace websocket
