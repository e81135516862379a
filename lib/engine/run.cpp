#include "engine/run.hpp"

#include <algorithm>
#include <iterator>
#include <new>
#include <utility>

#include "base/meanwhile.hpp"
#include "engine/session_words.hpp"
#include "protocol/retry_after.hpp"

namespace websocket::engine {
namespace {

// However long a server asks to be left alone: nobody else looks after an app that waits for days.
constexpr std::chrono::seconds longest_retry_after = std::chrono::hours(1);

// api.md's rule for when no should_reconnect is set.
bool is_worth_another_attempt(const Error& error) {
  static constexpr Errc hopeless[] = {
      Errc::certificate_expired,     Errc::certificate_not_yet_valid,
      Errc::certificate_self_signed, Errc::certificate_unknown_issuer,
      Errc::certificate_wrong_host,  Errc::certificate_not_pinned,
      Errc::certificate_invalid};
  if (error.code == Condition::invalid_argument) return false;
  if (std::find(std::begin(hopeless), std::end(hopeless), error.code) != std::end(hopeless)) {
    return false;
  }
  if (!error.response) return true;
  const int status = error.response->status;
  return status < 400 || status > 499 || status == 408 || status == 429;
}

// Tells the listener that a turn begins, and whatever happens that it ends.
class ToldInTurn {
 public:
  explicit ToldInTurn(Run::Listener& listener) : listener_(listener) { listener_.turn_begins(); }
  ~ToldInTurn() { listener_.turn_ends(); }
  ToldInTurn(const ToldInTurn&) = delete;
  ToldInTurn& operator=(const ToldInTurn&) = delete;

 private:
  Run::Listener& listener_;
};

}  // namespace

Run::Run(net::Loop& loop, protocol::MaskKeys& keys, base::TraceSink& trace, const std::string& url,
         const ConnectOptions& connect_options, const RunOptions& run_options, Listener& listener)
    : loop_(loop),
      keys_(keys),
      trace_(trace),
      url_(url),
      connect_options_(connect_options),
      run_options_(run_options),
      listener_(listener) {
  if (run_options_.reconnect) {
    backoff_ = std::make_unique<Backoff>(*run_options_.reconnect,
                                         [this](std::span<std::byte> into) { loop_.random(into); });
  }
}

Run::~Run() {
  try {
    abandon();
  } catch (const std::bad_alloc&) {  // then the server is not told that we go
  }
}

void Run::start() { connect(); }

void Run::connect() {
  timer_.reset();
  ++attempt_;
  listener_.state_changed(State::connecting);
  if (over()) return;
  Session::Owner& owner = *this;
  session_ = std::make_shared<Session>(loop_,
                                       SessionSettings{.url = url_,
                                                       .options = connect_options_,
                                                       .ping_interval = run_options_.ping_interval,
                                                       .ping_timeout = run_options_.ping_timeout,
                                                       .ping_payload = run_options_.ping_payload,
                                                       .keys = keys_,
                                                       .trace = trace_},
                                       owner);
  session_->start();
}

// ---- what comes of a session

void Run::session_has_events() {
  if (in_turn_) return;
  Session& session = *session_;  // which outlives its end for as long as anybody may be in it
  {
    const base::Meanwhile turn(in_turn_, true);
    const ToldInTurn told(listener_);
    while (!pull_with_memory(session)) {
    }
  }
  if (close_request_ && session_) session_->close(close_request_->code, close_request_->reason);
}

// False: the connection fails, for there was none for what it brought; pull again.
bool Run::pull_with_memory(Session& session) {
  try {
    pull(session);
    return true;
  } catch (const std::bad_alloc&) {
    // How much it sends is the server's choice; the program need not end by it.
    if (!session.fail_for_want_of_memory()) throw;
    return false;
  }
}

void Run::pull(Session& session) {
  while (!over() && !session.is_held_back()) {
    session.take_plain_messages([&](const protocol::MessageReceived& message) {
      listener_.received(message);
      return !over() && !session.is_paused();
    });
    if (over() || session.is_held_back() || !session.may_have_events()) return;
    const auto event = session.next_event();
    if (!event) return;
    std::visit([this](const auto& what) { handle(what); }, *event);
  }
}

void Run::handle(const protocol::Opened&) {
  attempt_ = 0;
  opened_at_ = loop_.now();
  listener_.state_changed(State::open);
  if (over()) return;
  listener_.opened(!std::exchange(opened_before_, true));
}

void Run::handle(const protocol::Closing&) { listener_.state_changed(State::closing); }

void Run::handle(const protocol::Closed&) {
  const std::shared_ptr<Session> session = std::exchange(session_, nullptr);
  session->abandon();
  session_over(session->take_result());
}

void Run::session_over(Session::Result result) {
  bool again = tries_again(result);
  has_given_up_ = !again;
  ended_by_error_ = result.error.has_value() && !close_request_;
  listener_.state_changed(again ? State::waiting : State::closing);
  if (over()) return;
  if (result.error && !(close_request_ && !result.opened)) {
    result.error->attempt = std::max(attempt_, 1);
    result.error->will_reconnect = again;
    listener_.failed(*result.error);
    if (over()) return;
  }
  if (again && close_request_) {  // the handler closed
    again = false;
    ended_by_error_ = false;
  }
  if (!again) return end(std::move(result.info));
  if (result.opened) {
    result.info.will_reconnect = true;
    listener_.closed(std::move(result.info));
    if (over()) return;
    if (close_request_) {
      ended_by_error_ = false;
      return end(CloseInfo{});
    }
  }
  wait_for_next_attempt(result);
}

bool Run::tries_again(const Session::Result& result) const {
  if (close_request_ || !run_options_.reconnect) return false;
  const ReconnectPolicy& policy = *run_options_.reconnect;
  if (!result.opened && policy.max_attempts > 0 && attempt_ >= policy.max_attempts) return false;
  const Error* error = result.error ? &*result.error : nullptr;
  if (!policy.should_reconnect) return error == nullptr || is_worth_another_attempt(*error);
  try {
    return policy.should_reconnect(error, result.info);
  } catch (...) {
    return false;
  }
}

void Run::wait_for_next_attempt(const Session::Result& result) { try_again_in(next_delay(result)); }

void Run::try_again_in(Duration delay) {
  if (trace_.enabled()) {
    trace_.line("Reconnecting in " + std::to_string(delay.count()) + " ms");
  }
  timer_ = loop_.at(net::later(loop_.now(), delay), [this] { connect(); });
}

Duration Run::next_delay(const Session::Result& result) {
  if (result.opened && loop_.now() >= net::later(opened_at_, run_options_.reconnect->reset_after)) {
    backoff_->reset();
  }
  const Duration delay = backoff_->next();
  if (!result.error || !result.error->response) return delay;
  const auto now = std::chrono::floor<std::chrono::seconds>(loop_.date()).time_since_epoch();
  const auto asked_for = protocol::retry_after(result.error->response->headers, now.count());
  if (!asked_for) return delay;
  // Clients that were told the same time do not all come at it: the delay is added.
  const Duration left_alone =
      std::chrono::seconds(std::min<std::int64_t>(*asked_for, longest_retry_after.count()));
  return delay < Duration::max() - left_alone ? left_alone + delay : Duration::max();
}

void Run::reconnect_now() {
  if (!timer_) return;
  backoff_->reset();
  connect();
}

// ---- the end

void Run::close(std::uint16_t code, std::string reason) {
  if (over()) return;
  if (!close_request_) close_request_ = CloseRequest{code, std::move(reason)};
  if (timer_) {
    ended_by_error_ = false;
    return end(CloseInfo{});
  }
  if (session_ && !in_turn_) session_->close(close_request_->code, close_request_->reason);
}

void Run::end_now() {
  if (over()) return;
  CloseInfo info;
  if (session_) {
    session_->abandon();
    info = session_->result().info;
  }
  session_.reset();
  end(info);
}

// Without a session and without a timer, there was none to connect with, or for the timer.
void Run::memory_was_missing() {
  if (over() || timer_) return;
  if (const std::shared_ptr<Session> session = session_) return session->memory_was_missing();
  if (close_request_) return end(CloseInfo{});
  const int most = run_options_.reconnect ? run_options_.reconnect->max_attempts : 1;
  if (has_given_up_ || (most > 0 && attempt_ >= most)) return fails_without_memory();
  listener_.state_changed(State::waiting);
  if (!over()) try_again_in(backoff_->next());
}

void Run::fails_without_memory() {
  const base::Failure failure = no_memory_to_connect();
  Error error;
  error.code = failure.code;
  error.message = what_failed(error.stage, protocol::Url()) + ": " + failure.message;
  error.cause = failure.cause;
  error.attempt = std::max(attempt_, 1);
  ended_by_error_ = true;
  listener_.state_changed(State::closing);
  if (!over()) listener_.failed(error);
  if (!over()) end(CloseInfo{});
}

void Run::abandon() {
  end_ = End::abandoned;
  timer_.reset();
  if (session_) session_->abandon();
  session_.reset();
}

void Run::end(CloseInfo info) {
  end_ = End::told;
  timer_.reset();
  info.will_reconnect = false;
  listener_.state_changed(State::closed);
  if (end_ != End::abandoned) listener_.closed(std::move(info));
}

}  // namespace websocket::engine
