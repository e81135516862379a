// What a run tells, on the loop's thread, and how it reaches the program's handlers: at once, or
// through the dispatcher.
#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include "api/app_core.hpp"
#include "engine/one_line.hpp"

namespace websocket {

// ---- to where handlers run

// Without a dispatcher a whole turn is inside the gate at once; what is told outside of a turn
// enters by itself.
template <class Work>
void WebSocketApp::Implementation::inside_gate(Work&& work) {
  if (!gate_.enter()) return;
  const api::HandlerGate::Leaving leaving(gate_);
  work();
}

template <class Work>
void WebSocketApp::Implementation::tell(Work work, std::size_t size) {
  if (gate_.is_shut()) return;  // nobody is there to be told, nor perhaps a dispatcher
  if (dispatches()) {
    const bool is_behind = active_->queue->push(
        size,
        [self = shared_from_this(), work = std::move(work)]() mutable { self->inside_gate(work); });
    if (is_behind) wait_for_handlers();
  } else if (!in_turn_) {
    inside_gate(work);
  } else if (turn_is_inside_) {
    work();
  }
}

template <class Signature, class... Arguments>
bool WebSocketApp::Implementation::call(const char* name,
                                        Callback<Signature> WebSocketApp::*handler,
                                        api::HandlerCache<Signature>& cache,
                                        const Arguments&... arguments) {
  if (gate_.is_shut()) return false;  // the handler before this one may have destroyed the app
  const auto* const function = cache.get(app_->*handler);
  if (function == nullptr) return false;
  invoke(name, *function, arguments...);
  return true;
}

template <class Function, class... Arguments>
inline void WebSocketApp::Implementation::invoke(const char* name, const Function& function,
                                                 const Arguments&... arguments) {
  try {
    function(*app_, arguments...);
  } catch (const std::exception& thrown) {
    handler_threw(name, thrown.what());
  } catch (...) {
    handler_threw(name, "something that is no std::exception");
  }
}

template <class Signature, class... Arguments>
void WebSocketApp::Implementation::call_once(const char* name,
                                             Callback<Signature> WebSocketApp::*handler,
                                             const Arguments&... arguments) {
  api::HandlerCache<Signature> cache;
  call(name, handler, cache, arguments...);
}

void WebSocketApp::Implementation::turn_begins() {
  // Borrowed from the loop; a turn within another app's turn gets its own.
  caches_ = std::move(active_->host->spare_caches);
  if (!caches_) caches_ = std::make_unique<Caches>();
  in_turn_ = true;
  outbox_.stay_awake();
  // With a dispatcher handlers run elsewhere, and the loop must not wait for them: it looks only if
  // it can.
  const bool entered = dispatches() ? gate_.try_enter() : gate_.enter();
  if (entered) say_what_is_wanted();
  turn_is_inside_ = entered && !dispatches();
  if (entered && dispatches()) {
    caches_->forget();
    gate_.leave();
  }
}

// Inside the gate.
void WebSocketApp::Implementation::say_what_is_wanted() {
  engine::Session* const session = active_->run->session();
  if (session == nullptr || gate_.is_shut()) return;
  session->want(what_is_wanted());
}

// app.hpp says it of on_cont_message.
protocol::Wanted WebSocketApp::Implementation::what_is_wanted() {
  if (caches_->fragment.get(app_->on_cont_message) == nullptr) return protocol::Wanted::messages;
  const bool takes_messages = caches_->message.get(app_->on_message) != nullptr;
  return takes_messages ? protocol::Wanted::fragments : protocol::Wanted::pieces;
}

void WebSocketApp::Implementation::turn_ends() {
  caches_->forget();
  active_->host->spare_caches = std::move(caches_);
  in_turn_ = false;
  if (std::exchange(turn_is_inside_, false)) gate_.leave();
}

// Until they have caught up. At once, within what was read: a little of it may inflate to very much.
void WebSocketApp::Implementation::wait_for_handlers() {
  if (gate_.is_shut()) return;  // the app is gone, and they with it
  engine::Session* const session = active_->run ? active_->run->session() : nullptr;
  if (session != nullptr) session->pause_reading(true);
  if (!active_->watch) watch_handlers();
}

// That they have caught up is told where they run; if there is memory to tell it, if the dispatcher has taken
// them at all, and if the app is still there. So somebody looks now and then.
void WebSocketApp::Implementation::watch_handlers() {
  constexpr Duration now_and_then = std::chrono::milliseconds(100);
  net::Loop& loop = active_->host->loop;
  active_->watch = loop.at(net::later(loop.now(), now_and_then), [this] {
    const ExecutionPtr execution = active_;
    const net::OperationPtr done = std::move(execution->watch);
    look_after_handlers();
  });
}

// Where there is no memory to look again reading goes on, and whatever it brings finds that out.
void WebSocketApp::Implementation::look_after_handlers() {
  if (active_->queue && !gate_.is_shut() && active_->queue->is_behind()) {
    try {
      return watch_handlers();
    } catch (const std::bad_alloc&) {
    }
  }
  active_->watch.reset();
  engine::Session* const session = active_->run ? active_->run->session() : nullptr;
  if (session != nullptr) session->pause_reading(false);
}

// From where they run. Where there is no memory to tell the loop it notices before long.
void WebSocketApp::Implementation::handlers_caught_up() {
  const std::lock_guard lock(life_mutex_);
  if (!current_ || current_->over) return;
  try {
    on_loop(current_, [this](const ExecutionPtr& execution) {
      if (active_ == execution) look_after_handlers();
    });
  } catch (const std::bad_alloc&) {
  }
}

// ---- what happens

void WebSocketApp::Implementation::state_changed(State state) {
  const std::lock_guard lock(life_mutex_);
  Execution& execution = *active_;
  if (state == State::closed) execution.over = true;
  const bool closes = execution.close_requested && state != State::closed;
  if (state != State::open) {
    left_behind_ += outbox_.discard();
    execution.host->batch.frames.rest_long();  // nobody rests any more who would
  } else if (!closes) {
    latency_.store({}, std::memory_order_relaxed);
    outbox_.open(execution.run->session()->answer()->deflate.or_null());
  }
  // After close() the state is closing until it is closed, whatever the connection still does.
  if (!closes) state_.store(state, std::memory_order_release);
}

void WebSocketApp::Implementation::opened(bool first_of_the_run) {
  remember_connection();
  tell([this, first_of_the_run] { call_open(first_of_the_run); });
  // The handler may have asked for fragments; some may stand right behind the server's answer.
  if (turn_is_inside_) say_what_is_wanted();
}

void WebSocketApp::Implementation::remember_connection() {
  const engine::Session& session = *active_->run->session();
  const std::lock_guard lock(life_mutex_);
  facts_ = {session.answer(), session.local_address(), session.remote_address()};
}

// Handlers come and go while messages are on their way as what was wanted before: so long as one of
// the two is there, no whole message is lost.
inline void WebSocketApp::Implementation::call_message(Caches& caches, const Message& message) {
  if (gate_.is_shut()) return;  // the handler before this one may have destroyed the app
  if (const auto* const on_data = caches.data.get(app_->on_data)) {
    invoke("on_data", *on_data, message.data, message.opcode, true);
    if (gate_.is_shut()) return;
  }
  if (const auto* const on_message = caches.message.get(app_->on_message)) {
    return invoke("on_message", *on_message, message);
  }
  call("on_cont_message", &WebSocketApp::on_cont_message, caches.fragment, message.data, true);
}

void WebSocketApp::Implementation::received(const protocol::MessageReceived& message) {
  if (turn_is_inside_) return call_message(*caches_, message);
  if (dispatches()) dispatch_message(message);
}

// What was received, as a string that may go to another thread; uncopied where it is one already.
std::string WebSocketApp::Implementation::own(std::string_view received) {
  return active_->run->session()->own(received);
}

void WebSocketApp::Implementation::dispatch_message(const protocol::MessageReceived& message) {
  tell(
      [this, data = own(message.data), opcode = message.opcode] {
        Caches caches;
        call_message(caches, {data, opcode});
      },
      message.data.size());
}

void WebSocketApp::Implementation::received(const protocol::FragmentReceived& fragment) {
  if (turn_is_inside_) {
    return call_fragment(*caches_, fragment.data, fragment.opcode, fragment.fin);
  }
  if (!dispatches()) return;
  tell(
      [this, data = own(fragment.data), opcode = fragment.opcode, fin = fragment.fin] {
        Caches caches;
        call_fragment(caches, data, opcode, fin);
      },
      fragment.data.size());
}

void WebSocketApp::Implementation::received(const protocol::PingReceived& ping) {
  tell(
      [this, payload = std::string(ping.payload)] {
        call_once("on_ping", &WebSocketApp::on_ping, std::string_view(payload));
      },
      ping.payload.size());
}

void WebSocketApp::Implementation::received(const protocol::PongReceived& pong) {
  latency_.store(active_->run->session()->latency(), std::memory_order_relaxed);
  tell(
      [this, payload = std::string(pong.payload)] {
        call_once("on_pong", &WebSocketApp::on_pong, std::string_view(payload));
      },
      pong.payload.size());
}

void WebSocketApp::Implementation::failed(const Error& error) {
  if (error.response) {
    const std::lock_guard lock(life_mutex_);
    facts_ = {std::make_shared<protocol::HandshakeAnswer>(
                  protocol::HandshakeAnswer{protocol::PackedResponse(*error.response)}),
              {},
              {}};
  }
  if (trace_.enabled()) trace_.line(engine::one_line("Error: " + error.message));
  if (dispatches()) return tell([this, error] { call_error(error); });
  tell([this, &error] { call_error(error); });  // without taking memory
}

// Once for all, so it gets a second try where there was no memory for the first.
void WebSocketApp::Implementation::tell_closed(const CloseInfo& info) {
  if (!dispatches()) return tell([this, &info] { call_close(info); });
  try {
    tell([this, info] { call_close(info); });
  } catch (const std::bad_alloc&) {
    tell([this, info] { call_close(info); });
  }
}

void WebSocketApp::Implementation::closed(CloseInfo info) {
  const bool is_last = !info.will_reconnect;
  info.unsent_messages += std::exchange(left_behind_, 0);
  // Which takes effect when all of this has returned.
  if (!shared_loop_ && is_last) active_->host->loop.stop();
  tell_closed(info);
  if (!is_last) return;
  {
    const std::lock_guard lock(life_mutex_);
    active_->ended_by_error = active_->run && active_->run->ended_by_error();
  }
  if (!shared_loop_) return;
  // Later: what tells us this is a part of what goes.
  shared_loop_->loop.post(
      [self = shared_from_this(), execution = active_] { self->finish(execution); });
}

// ---- sending

void WebSocketApp::Implementation::has_room() { hand_over_some(); }

// False: there is nothing, or nothing goes out any more.
bool WebSocketApp::Implementation::hand_over_some() {
  engine::Session* const session = active_->run->session();
  protocol::FrameBatch& batch = active_->host->batch;
  if (session == nullptr) return false;
  session->exchange_memory(batch.frames);
  if (!outbox_.take(batch, session->unsent_bytes())) return false;
  bool goes_out = false;
  try {
    goes_out = session->send_frames(batch);
  } catch (const std::bad_alloc&) {
    // Most of all where it is to be put behind other output, that is, when closing begins.
  }
  if (!goes_out) {
    left_behind_ += batch.messages;
    batch.clear();
  }
  if (batch.frames.capacity() > base::Buffer::most) batch.frames.release();
  return goes_out;
}

void WebSocketApp::Implementation::rests() {
  outbox_.rest();
  active_->host->batch.frames.rest_long();
}

void WebSocketApp::Implementation::has_left(std::size_t unsent) {
  const bool is_known = unsent == outbox_.in_flight();
  const bool is_drained = is_known ? outbox_.drain_came_due() : outbox_.set_in_flight(unsent);
  if (!is_drained) return;
  tell([this] { call_once("on_drain", &WebSocketApp::on_drain); });
}

// ---- calling handlers

void WebSocketApp::Implementation::call_open(bool first_of_the_run) {
  if (gate_.is_shut()) return;
  if (!first_of_the_run && app_->on_reconnect) {
    call_once("on_reconnect", &WebSocketApp::on_reconnect);
  } else {
    call_once("on_open", &WebSocketApp::on_open);
  }
}

void WebSocketApp::Implementation::call_fragment(Caches& caches, std::string_view data,
                                                 Opcode opcode, bool fin) {
  call("on_data", &WebSocketApp::on_data, caches.data, data, opcode, fin);
  if (call("on_cont_message", &WebSocketApp::on_cont_message, caches.fragment, data, fin)) return;
  if (!fin || opcode == Opcode::continuation) return;
  call("on_message", &WebSocketApp::on_message, caches.message, Message{data, opcode});
}

void WebSocketApp::Implementation::call_error(const Error& error) {
  call_once("on_error", &WebSocketApp::on_error, error);
}

void WebSocketApp::Implementation::call_close(const CloseInfo& info) {
  call_once("on_close", &WebSocketApp::on_close, info);
}

// Where there is no memory to tell it, nobody is told.
void WebSocketApp::Implementation::handler_threw(const char* name, const char* what) try {
  const std::string message = std::string(name) + " threw: " + what;
  if (trace_.enabled()) trace_.line(engine::one_line("Error: " + message));
  if (std::string_view(name) == "on_error") return;  // whom else should we tell
  Error error;
  error.code = Errc::callback_threw;
  error.stage = Stage::callback;
  error.message = message;
  call_error(error);
} catch (const std::bad_alloc&) {
}

}  // namespace websocket
