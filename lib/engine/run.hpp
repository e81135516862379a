// One run of an app: a session, and as long as the policy says so another one after it. Decides
// whether and when to connect again, and tells every end. Everything runs on the loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <websocket/app.hpp>
#include <websocket/close.hpp>
#include <websocket/error.hpp>
#include <websocket/options.hpp>

#include "base/seldom.hpp"
#include "base/trace_sink.hpp"
#include "engine/backoff.hpp"
#include "engine/session.hpp"
#include "net/loop.hpp"
#include "protocol/connection.hpp"

namespace websocket::engine {

class Run final : private Session::Owner {
 public:
  // Told in this order for every connection: opened, received..., failed, closed. Any of them may
  // call the run's close() or abandon().
  class Listener {
   public:
    virtual void state_changed(State state) = 0;
    virtual void opened(bool first_of_the_run) = 0;
    // Between turn_begins and turn_ends.
    virtual void received(const protocol::MessageReceived& message) = 0;
    virtual void received(const protocol::FragmentReceived& fragment) = 0;
    virtual void received(const protocol::PingReceived& ping) = 0;
    virtual void received(const protocol::PongReceived& pong) = 0;
    virtual void turn_begins() = 0;
    virtual void turn_ends() = 0;
    virtual void failed(const Error& error) = 0;
    // A connection that was open, or the run. `will_reconnect` is false: the run is over, this was
    // the last.
    virtual void closed(CloseInfo info) = 0;
    // As Session::Owner says.
    virtual void has_room() = 0;
    virtual void has_left(std::size_t unsent) = 0;
    virtual void rests() = 0;

   protected:
    ~Listener() = default;
  };

  // All references outlive the run.
  Run(net::Loop& loop, protocol::MaskKeys& keys, base::TraceSink& trace, const std::string& url,
      const ConnectOptions& connect_options, const RunOptions& run_options, Listener& listener);
  ~Run();

  void start();
  // Ends the run in order: with a closing handshake if a connection is open.
  void close(std::uint16_t code, std::string reason);
  // While waiting for the next attempt: makes it now, and begins the delays anew.
  void reconnect_now();
  // Ends it without waiting for the network; the listener is told.
  void end_now();
  // The same, and the listener isn't told anything any more.
  void abandon();
  // As Session::memory_was_missing says.
  void memory_was_missing();

  // The running connection; null between two.
  Session* session() const noexcept { return session_.get(); }
  bool over() const noexcept { return end_ != End::none; }
  // Whether the last thing that happened was an error.
  bool ended_by_error() const noexcept { return ended_by_error_; }

 private:
  struct CloseRequest {
    std::uint16_t code;
    std::string reason;
  };

  enum class End : std::uint8_t { none, told, abandoned };  // of abandoned ones nobody is told

  void session_has_events() override;
  void session_has_room() override { listener_.has_room(); }
  void session_has_left(std::size_t unsent) override { listener_.has_left(unsent); }
  void session_rests() override { listener_.rests(); }

  void connect();
  bool pull_with_memory(Session& session);
  void pull(Session& session);
  void handle(const protocol::Opened&);
  void handle(const protocol::Closing&);
  void handle(const protocol::Closed&);
  void handle(const auto& received) { listener_.received(received); }
  void session_over(Session::Result result);
  void fails_without_memory();
  bool tries_again(const Session::Result& result) const;
  void wait_for_next_attempt(const Session::Result& result);
  void try_again_in(Duration delay);
  Duration next_delay(const Session::Result& result);
  void end(CloseInfo info);

  net::Loop& loop_;
  protocol::MaskKeys& keys_;
  base::TraceSink& trace_;
  const std::string& url_;
  const ConnectOptions& connect_options_;
  const RunOptions& run_options_;
  Listener& listener_;

  std::shared_ptr<Session> session_;
  std::unique_ptr<Backoff> backoff_;
  net::OperationPtr timer_;  // until the next attempt
  base::Seldom<CloseRequest> close_request_;
  net::Clock::time_point opened_at_;
  int attempt_ = 0;  // of this row of attempts
  bool opened_before_ = false;
  bool in_turn_ = false;
  bool ended_by_error_ = false;
  bool has_given_up_ = false;  // told or not yet, there are no more attempts
  End end_ = End::none;
};

}  // namespace websocket::engine
