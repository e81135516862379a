// What a WebSocketApp is inside. Threads meet here: the program's, which send, close, wait and
// destroy, and the loop's, on which a run tells what happens. It outlives the app while a run or a
// handler needs it.
//
//   life_mutex_ guards which run is going on; the outbox has locks of its own. No
//   lock is held while a handler runs. `execution->run` is touched by the loop's thread alone.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <websocket/app.hpp>

#include "api/connection_trace.hpp"
#include "api/dispatch_queue.hpp"
#include "api/handler_cache.hpp"
#include "api/handler_gate.hpp"
#include "api/home_process.hpp"
#include "api/lazy_condition.hpp"
#include "api/loop_host.hpp"
#include "api/outbox.hpp"
#include "api/shared_options.hpp"
#include "engine/run.hpp"

namespace websocket {

class WebSocketApp::Implementation final : public std::enable_shared_from_this<Implementation>,
                                           private engine::Run::Listener {
 public:
  // `shared_loop` is null for an app with a loop of its own.
  Implementation(WebSocketApp& app, std::shared_ptr<api::LoopHost> shared_loop, std::string url,
                 ConnectOptions options);

  bool run_forever(RunOptions options);
  void start(RunOptions options);
  void wait();
  bool wait_for(Duration timeout);
  void close(std::uint16_t code, std::string_view reason);
  void reconnect_now();
  // The app is being destroyed.
  void let_go();

  // False in a child process: see home_process.hpp. What follows is for the home process alone.
  bool is_at_home() const noexcept { return home_.is_here(); }

  SendResult send(Opcode opcode, std::string_view payload);
  SendResult send_wait(Opcode opcode, std::string_view payload, Duration timeout);
  SendResult send_fragment(Opcode opcode, std::string_view payload, bool fin);

  State state() const noexcept { return state_.load(std::memory_order_acquire); }
  std::size_t buffered_amount() const noexcept { return outbox_.size(); }
  std::chrono::microseconds latency() const noexcept {
    return latency_.load(std::memory_order_relaxed);
  }

  // Of the latest connection.
  struct Facts {
    std::shared_ptr<const protocol::HandshakeAnswer> answer;  // null before there was one
    std::string local_address, remote_address;
  };
  Facts facts() const;

 private:
  // One run: begun by start() or run_forever(), ended by its last on_close.
  class Execution final : public api::Tenant, public std::enable_shared_from_this<Execution> {
   public:
    explicit Execution(std::shared_ptr<Implementation> of) : app(std::move(of)) {}
    void end_now() noexcept override;
    void fall_silent() override { app->gate_.fall_silent(); }
    void memory_was_missing() noexcept override;
    // Where `end` finds no memory the run ends without.
    template <class End>
    void end_anyway(End end) noexcept;

    std::shared_ptr<Implementation> app;  // until it is finished
    std::shared_ptr<const RunOptions> options;
    std::shared_ptr<api::LoopHost> host;
    std::shared_ptr<api::DispatchQueue> queue;  // null without a dispatcher
    // The loop's thread alone:
    std::optional<engine::Run> run;
    net::OperationPtr watch;  // of handlers that are behind
    // Guarded by life_mutex_:
    std::thread thread;
    bool close_requested = false;
    bool over = false;  // a new run may begin
    bool done = false;  // its last handler has returned
    bool ended_by_error = false;
  };
  using ExecutionPtr = std::shared_ptr<Execution>;

  // ---- a run's life (app_core.cpp)
  ExecutionPtr begin_execution(RunOptions options);
  void run_loop(const ExecutionPtr& execution);
  void begin_run(const ExecutionPtr& execution);
  void start_on_loop(const ExecutionPtr& execution);
  void begin_run_with_memory(const ExecutionPtr& execution);
  void finish(const ExecutionPtr& execution);
  void close_run(const ExecutionPtr& execution, std::uint16_t code, std::string_view reason);
  void end_without_beginning();
  void end_without_memory(const ExecutionPtr& execution);
  void finish_told(const ExecutionPtr& execution);
  bool is_asked_to_close(const Execution& execution) const;
  void go_away();
  void give_up();
  void wait_until_gone(const ExecutionPtr& previous);
  template <class Work>
  void on_loop(const ExecutionPtr& execution, Work work);
  void refuse_to_wait_for_myself() const;

  // ---- sending (app_sending.cpp)
  SendResult wake_if_need_be(api::Outbox::Pushed pushed);
  SendResult wait_for_room(api::Outbox::Pushed pushed, Opcode opcode, std::string_view payload,
                           Duration timeout);
  void wake_loop();
  bool runs_here() const;

  // ---- what happens (app_events.cpp)
  void state_changed(State state) override;
  void opened(bool first_of_the_run) override;
  void received(const protocol::MessageReceived& message) override;
  void received(const protocol::FragmentReceived& fragment) override;
  void received(const protocol::PingReceived& ping) override;
  void received(const protocol::PongReceived& pong) override;
  void turn_begins() override;
  void turn_ends() override;
  void failed(const Error& error) override;
  void closed(CloseInfo info) override;
  void tell_closed(const CloseInfo& info);
  void has_room() override;
  void has_left(std::size_t unsent) override;
  void rests() override;

  std::string own(std::string_view received);
  void dispatch_message(const protocol::MessageReceived& message);
  bool hand_over_some();
  void remember_connection();
  void wait_for_handlers();
  void watch_handlers();
  void look_after_handlers();
  void handlers_caught_up();
  void say_what_is_wanted();
  protocol::Wanted what_is_wanted();

  // ---- calling handlers, inside the gate
  using Caches = api::HandlerCaches;
  void call_open(bool first_of_the_run);
  void call_message(Caches& caches, const Message& message);
  void call_fragment(Caches& caches, std::string_view data, Opcode opcode, bool fin);
  void call_error(const Error& error);
  void call_close(const CloseInfo& info);
  // Whether there is such a handler.
  template <class Signature, class... Arguments>
  bool call(const char* name, Callback<Signature> WebSocketApp::*handler,
            api::HandlerCache<Signature>& cache, const Arguments&... arguments);
  template <class Function, class... Arguments>
  void invoke(const char* name, const Function& function, const Arguments&... arguments);
  template <class Signature, class... Arguments>
  void call_once(const char* name, Callback<Signature> WebSocketApp::*handler,
                 const Arguments&... arguments);
  void handler_threw(const char* name, const char* what);

  // ---- to where they run
  template <class Work>
  void inside_gate(Work&& work);
  template <class Work>
  void tell(Work work, std::size_t size = 0);
  bool dispatches() const { return active_->queue != nullptr; }

  const api::HomeProcess home_;
  WebSocketApp* const app_;  // valid while inside the gate
  const std::string url_;
  const std::shared_ptr<api::LoopHost> shared_loop_;
  const api::SharedOptions options_;
  api::ConnectionTrace trace_;
  api::Outbox outbox_;
  api::HandlerGate gate_;
  std::atomic<State> state_{State::idle};
  std::atomic<std::chrono::microseconds> latency_{};

  mutable std::mutex life_mutex_;
  api::LazyCondition done_;
  ExecutionPtr current_;
  std::shared_ptr<api::DispatchQueue> queue_;  // made for the first dispatcher

  Facts facts_;  // guarded by life_mutex_

  // The loop's thread alone.
  ExecutionPtr active_;
  bool in_turn_ = false;            // a row of events is being told
  bool turn_is_inside_ = false;     // and its handlers run here, inside the gate
  std::unique_ptr<Caches> caches_;  // of the turn
  std::size_t left_behind_ = 0;     // messages of this connection that never left the outbox
};

// life_mutex_ is held and the run isn't over, so that its loop is there.
template <class Work>
void WebSocketApp::Implementation::on_loop(const ExecutionPtr& execution, Work work) {
  execution->host->loop.post(
      [self = shared_from_this(), execution, work = std::move(work)] { work(execution); });
}

}  // namespace websocket
