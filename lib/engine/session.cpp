// A session's life: connecting, opening, closing, its end. Its bytes: session_io.cpp.
#include "engine/session.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "engine/one_line.hpp"
#include "engine/session_words.hpp"
#include "engine/time_mark.hpp"
#include "protocol/close_code.hpp"

namespace websocket::engine {
namespace {

// When a connection gives back what it can do without; the next message takes it again.
constexpr Duration idle_after = std::chrono::seconds(10);

}  // namespace

Session::Session(net::Loop& loop, const SessionSettings& settings, Owner& owner)
    : loop_(loop), settings_(settings), owner_(&owner) {}

Session::~Session() = default;

// ---- the way to an open connection

void Session::start() {
  arm_connect_deadline();
  auto failed = prepare();
  if (ended_) return;  // the header factory had enough
  if (failed) {
    // Told later, as every failure is: the owner has not even got hold of us yet.
    timer_ = loop_.at(loop_.now(),
                      [this, failed = std::move(*failed)] { fail(failed.stage, failed.failure); });
    return;
  }
  connector_ = std::make_unique<Connector>(loop_, *url_, settings_.options, settings_.trace);
  connector_->start([this](Connector::Result result) { connected(std::move(result)); });
}

// Everything that can be known to be wrong before anybody is spoken to.
std::optional<Connector::Failed> Session::prepare() {
  auto url = protocol::parse_url(settings_.url);
  if (auto* failure = std::get_if<base::Failure>(&url)) {
    return Connector::Failed{Stage::url, std::move(*failure)};
  }
  url_ = std::get<0>(std::move(url));
  is_secure_ = url_->secure;
  if (!settings_.options.proxy.url.empty()) {
    return Connector::Failed{Stage::proxy, {Errc::invalid_option, "proxies are not supported yet"}};
  }
  Headers more;
  try {
    if (settings_.options.header_factory) more = settings_.options.header_factory();
  } catch (const std::exception& thrown) {
    return Connector::Failed{
        Stage::callback,
        {Errc::callback_threw, std::string("the header factory threw: ") + thrown.what()}};
  } catch (...) {
    return Connector::Failed{Stage::callback, {Errc::callback_threw, "the header factory threw"}};
  }
  std::array<std::byte, 16> nonce{};
  settings_.keys.fill(nonce);
  auto request = protocol::make_handshake_request(*url_, settings_.options, more, nonce);
  if (auto* failure = std::get_if<base::Failure>(&request)) {
    return Connector::Failed{Stage::handshake, std::move(*failure)};
  }
  request_ = std::get<0>(std::move(request));
  return std::nullopt;
}

void Session::arm_connect_deadline() {
  if (settings_.options.timeout <= Duration::zero()) return;
  connect_deadline_ = net::later(loop_.now(), settings_.options.timeout);
  timer_ = loop_.at(connect_deadline_, [this] { connecting_took_too_long(); });
}

void Session::connecting_took_too_long() {
  fail(stage(), {Errc::connect_timeout, std::string("after ") + seconds(settings_.options.timeout) +
                                            ", " + what_was_awaited(stage())});
}

void Session::connected(Connector::Result result) {
  connector_.reset();
  if (auto* failed = std::get_if<Connector::Failed>(&result)) {
    return fail(failed->stage, std::move(failed->failure));
  }
  stream_ = std::get<0>(std::move(result));
  stream_->set_listener(this);
  if (WireTrace* const wire = wire_trace()) wire->request(request_->bytes);
  protocol_ = std::make_unique<protocol::ClientProtocol>(*request_.take(), settings_.options.limits,
                                                         !settings_.options.skip_utf8_validation,
                                                         settings_.keys);
  LastWords& last_words = *this;
  protocol_->set_last_words(&last_words);
  settle();
}

void Session::opened() {
  timer_.reset();
  url_.reset();
  if (traces()) trace("Websocket connected");
  const protocol::DeflateAgreement* const deflate = protocol_->answer()->deflate.or_null();
  if (WireTrace* const wire = wire_trace()) wire->opened(deflate);
  takes_memory_ = deflate != nullptr;
  if (settings_.ping_interval > Duration::zero()) start_keepalive();
  opened_ = true;  // when nothing can throw any more that would keep it from being told
}

void Session::touch_idle_timer_now() {
  if (!ended_) idle_timer().touch();
}

void Session::look_at_memory_now() {
  takes_memory_ = true;
  if (!ended_) idle_timer().look();
}

IdleTimer& Session::idle_timer() {
  if (!idle_timer_) {
    idle_timer_ = std::make_unique<IdleTimer>(loop_, idle_after, [this] { rest(); });
  }
  return *idle_timer_;
}

// The compressors' memory, some 300 KiB, is too much for a connection on which nothing happens; so
// are big buffers.
void Session::rest() {
  protocol_->rest();
  if (owner_ != nullptr) owner_->session_rests();
}

// ---- what comes of it

std::optional<protocol::Event> Session::next_event() {
  if (ended_) {
    if (std::exchange(end_is_told_, true)) return std::nullopt;
    return protocol::Closed{result_->info, failure_};
  }
  if (!protocol_) return std::nullopt;
  auto event = protocol_->next_event();
  if (!event) {
    if (!in_read_turn_) settle();
    return std::nullopt;
  }
  if (std::holds_alternative<protocol::MessageReceived>(*event) ||
      std::holds_alternative<protocol::FragmentReceived>(*event)) {
    touch_idle_timer();
    return event;
  }
  if (std::holds_alternative<protocol::Opened>(*event)) opened();
  if (const auto* pong = std::get_if<protocol::PongReceived>(&*event)) measure_latency(*pong);
  if (std::holds_alternative<protocol::Closing>(*event)) arm_close_timer();
  if (auto* closed = std::get_if<protocol::Closed>(&*event)) {
    const Stage where = opened_ ? Stage::open : Stage::handshake;
    // The last word to a server whose answer will not do.
    if (!opened_ && protocol_->sends_frames() && protocol_->has_output()) {
      write_once(protocol_->output());
    }
    finish(where, closed->info, closed->failure.copy());
    return next_event();
  }
  return event;
}

void Session::notify() {
  if (owner_ != nullptr) owner_->session_has_events();
  if (!protocol_) return;
  if (!is_held_back()) return protocol_->forget_kept_input();
  // Other connections of the loop are read into the same memory meanwhile.
  if (protocol_->keep_input()) return;
  if (fail_for_want_of_memory() && owner_ != nullptr) owner_->session_has_events();
}

void Session::want(protocol::Wanted wanted) noexcept {
  if (protocol_) protocol_->want(wanted);
}

// ---- keepalive

void Session::start_keepalive() {
  Keepalive::Link& link = *this;
  keepalive_ =
      std::make_unique<Keepalive>(loop_, link, settings_.ping_interval, settings_.ping_timeout);
  keepalive_->start();
}

void Session::measure_latency(const protocol::PongReceived& pong) {
  if (!pong.ping_sent) return;
  latency_ = std::chrono::microseconds(time_mark(loop_.now()) - *pong.ping_sent);
}

void Session::send_keepalive_ping() {
  // While the output is stuck another ping would only wait behind it.
  if (!has_output()) send(Opcode::ping, settings_.ping_payload);
  flush();
}

std::optional<std::uint64_t> Session::look_for_life() {
  if (reading_is_paused_ || ended_) return std::nullopt;
  read_what_is_there();
  return signs_of_life_;
}

void Session::link_is_dead() {
  fail(Stage::open, {Errc::ping_timeout,
                     "nothing came within " + seconds(settings_.ping_timeout) + " after a ping"});
}

// ---- the end

void Session::close(std::uint16_t code, std::string_view reason) {
  if (ended_) return;
  const bool closes = protocol_ && protocol_->eof_expected();
  if (closes && close_timer_is_armed_) return;
  if (!closes && !is_open()) {
    finish(stage(), CloseInfo{}, std::nullopt);
    return notify();
  }
  if (!closes && traces()) trace("Closing with code " + std::to_string(code));
  protocol_->close(code, reason);
  arm_close_timer();
  flush();
}

void Session::abandon() {
  owner_ = nullptr;
  if (ended_) return;
  if (is_open()) {
    close(static_cast<std::uint16_t>(protocol::CloseCode::going_away), {});
    if (ended_) return;
  }
  finish(stage(), CloseInfo{}, std::nullopt);
}

void Session::arm_close_timer() {
  if (close_timer_is_armed_) return;
  if (keepalive_) keepalive_->stop();
  give_up_at(net::later(loop_.now(), settings_.options.close_timeout));
}

// The server refused: what it says about that is awaited no longer than an answer to a Close frame
// would be.
void Session::arm_body_timer() {
  if (close_timer_is_armed_) return;
  give_up_at(std::min(connect_deadline_, net::later(loop_.now(), settings_.options.close_timeout)));
}

void Session::give_up_at(net::Clock::time_point when) {
  timer_ = loop_.at(when, [this] {
    if (traces()) {
      trace("The server did not come to an end within " + seconds(settings_.options.close_timeout));
    }
    protocol_->give_up();
    notify();
  });
  close_timer_is_armed_ = true;
}

void Session::fail(Stage stage, base::Failure failure) {
  if (ended_) return;
  finish(stage, CloseInfo{}, std::move(failure));
  notify();
}

void Session::memory_was_missing() {
  const bool has_opened = protocol_ && protocol_->handshake_done();
  if (!ended_ && !has_opened) return fail(stage(), no_memory_to_connect());
  fail_for_want_of_memory("there is not enough memory");
  notify();
}

bool Session::fail_for_want_of_memory(const char* words) {
  if (ended_) return false;
  base::Failure failure{Errc::message_too_big, words,
                        std::make_error_code(std::errc::not_enough_memory)};
  if (!protocol_ || !protocol_->fail(failure)) fail(stage(), std::move(failure));
  return true;
}

void Session::finish(Stage stage, const CloseInfo& info, std::optional<base::Failure> failure) {
  // What takes memory comes first. Whoever called us, a timer or the stream, is still running; what it stands
  // on goes after it has returned.
  Result& result = result_.get();
  loop_.post([self = shared_from_this()] {});
  result.opened = opened_;
  result.info = info;
  if (protocol_) {
    result.info.unsent_messages = protocol_->unsent_messages();
    result.info.unconfirmed_messages = protocol_->unconfirmed_messages();
  }
  failure_ = failure;
  if (failure) result.error = make_error(stage, std::move(*failure));
  ended_ = true;
  if (stream_) stream_->shut_down_sending();
  if (keepalive_) keepalive_->stop();
  idle_timer_.reset();
  connector_.reset();
  timer_.reset();
  stream_.reset();
  if (traces()) trace(end_in_words(info));
}

Error Session::make_error(Stage stage, base::Failure failure) const {
  Error error;
  error.code = failure.code;
  error.stage = stage;
  error.message = what_failed(stage, url()) + ": " + failure.message;
  error.cause = failure.cause;
  if (failure.code == Errc::bad_status) {
    error.response = std::make_shared<const Response>(answer()->response.unpack());
  }
  return error;
}

// For its sentence an error reads the URL once more.
protocol::Url Session::url() const {
  if (url_) return *url_;
  auto read = protocol::parse_url(settings_.url);
  auto* const url = std::get_if<protocol::Url>(&read);
  return url != nullptr ? std::move(*url) : protocol::Url();
}

Stage Session::stage() const noexcept {
  if (connector_) return connector_->stage();
  if (!protocol_) return Stage::url;
  switch (protocol_->state()) {
    case protocol::ClientProtocol::State::connecting:
      return Stage::handshake;
    case protocol::ClientProtocol::State::open:
      return Stage::open;
    case protocol::ClientProtocol::State::closing:
    case protocol::ClientProtocol::State::draining:
    case protocol::ClientProtocol::State::closed:
      break;
  }
  return Stage::closing;
}

// It takes memory, so it is there only while the trace is on; turned on in the middle it begins with
// the next frame.
WireTrace* Session::wire_trace_now() {
  if (!settings_.trace.enabled()) {
    wire_trace_.reset();
  } else if (!wire_trace_) {
    wire_trace_ = std::make_unique<WireTrace>(settings_.trace);
  }
  return wire_trace_.get();
}

void Session::trace(const std::string& line) { settings_.trace.line(one_line(line)); }

}  // namespace websocket::engine
