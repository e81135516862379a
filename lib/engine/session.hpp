// One connection, from its URL to its end: connects, moves bytes between stream and protocol core,
// keeps the deadlines. It lives once; reconnecting makes another. What comes of it is pulled with
// next_event(). Everything runs on the loop's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <websocket/close.hpp>
#include <websocket/error.hpp>
#include <websocket/options.hpp>

#include "base/seldom.hpp"
#include "base/trace_sink.hpp"
#include "engine/connector.hpp"
#include "engine/idle_timer.hpp"
#include "engine/keepalive.hpp"
#include "engine/wire_trace.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "protocol/client_protocol.hpp"

namespace websocket::engine {

// What a session needs beside its loop; all of it outlives the session.
struct SessionSettings {
  std::string_view url;
  const ConnectOptions& options;
  Duration ping_interval{0};
  Duration ping_timeout{0};
  std::string_view ping_payload{};
  protocol::MaskKeys& keys;
  base::TraceSink& trace;
};

class Session final : public std::enable_shared_from_this<Session>,
                      private net::Stream::Listener,
                      private Keepalive::Link,
                      private protocol::Connection::LastWords {
 public:
  class Owner {
   public:
    // Pull next_event() until it gives nothing, now or later. Until then nothing more is read.
    virtual void session_has_events() = 0;
    // Everything has left; send_frames() may give more, without flushing.
    virtual void session_has_room() {}
    // Something was written; that much is left.
    virtual void session_has_left(std::size_t /*unsent*/) {}
    // No message has come or gone for a while: memory can be given back.
    virtual void session_rests() {}

   protected:
    ~Owner() = default;
  };

  Session(net::Loop& loop, const SessionSettings& settings, Owner& owner);
  ~Session();

  void start();
  // Opened, what is received, Closing, and last Closed, at which the socket is gone and result()
  // says how it ended. Views are valid until the next call.
  std::optional<protocol::Event> next_event();
  // False: it would give nothing, and do nothing.
  bool may_have_events() const noexcept {
    return !in_read_turn_ || ended_ || protocol_->may_have_events();
  }
  // The short way of most messages: to be asked first. False: next_event() says what there is.
  bool next_plain_message(protocol::MessageReceived& message) {
    if (ended_ || !protocol_ || !protocol_->next_plain_message(message)) return false;
    touch_idle_timer();
    return true;
  }
  // The same for all that are there: `take` gets them one by one, and says whether it wants more.
  template <class Take>
  void take_plain_messages(Take take) {
    if (ended_ || !protocol_) return;
    protocol_->take_plain_messages([&](const protocol::MessageReceived& message) {
      touch_idle_timer();
      return take(message);
    });
  }

  // The views that it gave are not needed any more.
  void forget_given() noexcept {
    if (protocol_) protocol_->forget_given();
  }
  // What the view shows that it gave last: as a string of one's own. The view is none any more.
  std::string own(std::string_view given) {
    return protocol_ && protocol_->has_kept(given) ? protocol_->take_kept() : std::string(given);
  }
  // Some of what was read has not been pulled yet.
  bool has_input() const noexcept { return protocol_ && protocol_->has_input(); }

  // Frames put together elsewhere, or one frame; false when the connection is not open. Then
  // flush().
  bool send_frames(protocol::FrameBatch& batch);
  // When all has left: memory for the next frames, what is warm for what is cold. What is given holds
  // nothing; session_rests() is when to give it back.
  void exchange_memory(base::Buffer& memory) {
    if (!protocol_) return;
    look_at_memory();
    protocol_->exchange_memory(memory);
  }
  bool send(Opcode opcode, std::string_view payload);
  void flush();
  // Frames that wait to be written.
  std::size_t unsent_bytes() const noexcept { return protocol_ ? protocol_->unsent_bytes() : 0; }
  bool has_output() const noexcept { return stream_ && protocol_->has_output(); }

  void close(std::uint16_t code, std::string_view reason);
  // No more events are wanted: says 1001 if it can at once, and is gone.
  void abandon();
  // Whoever is told of messages wants no more for now: what was read waits, and nothing more is read. When
  // reading goes on the owner is asked to pull again.
  void pause_reading(bool paused);
  bool is_paused() const noexcept { return reading_is_paused_; }
  // It is paused, and next_event() would give what waits: not now.
  bool is_held_back() const noexcept {
    return reading_is_paused_ && !ended_ && protocol_ && protocol_->reads_input();
  }
  // There was no memory to tell what came: pull, the connection fails. False: that came too late.
  bool fail_for_want_of_memory(const char* words = "there is no memory for what the server sends");
  // There was none for something that the loop did, and nobody knows what was left half done by it: whatever this
  // connection was about, it fails. Not from a callback of the loop.
  void memory_was_missing();
  void want(protocol::Wanted wanted) noexcept;

  bool is_open() const noexcept { return !ended_ && protocol_ && protocol_->is_open(); }
  bool is_secure() const noexcept { return is_secure_; }
  // What the server answered to the handshake; null before anything was asked.
  std::shared_ptr<const protocol::HandshakeAnswer> answer() const noexcept {
    return protocol_ ? protocol_->answer() : nullptr;
  }
  // Of the last ping that was answered; zero before.
  std::chrono::microseconds latency() const noexcept { return latency_; }
  // While it is connected.
  std::string local_address() const { return stream_ ? stream_->local_address() : ""; }
  std::string remote_address() const { return stream_ ? stream_->remote_address() : ""; }

  struct Result {
    bool opened = false;
    CloseInfo info;
    std::optional<Error> error;
  };
  // Once it has ended.
  const Result& result() const noexcept { return *result_; }
  // The same, to keep: the session has none any more.
  Result take_result() noexcept { return std::move(*result_); }

 private:
  // ---- the way to an open connection
  std::optional<Connector::Failed> prepare();
  Headers headers_of_this_attempt() const;
  void connected(Connector::Result result);
  void arm_connect_deadline();
  void connecting_took_too_long();
  void opened();
  // A message comes or goes.
  void touch_idle_timer() {
    if (takes_memory_) touch_idle_timer_now();
  }
  void touch_idle_timer_now();
  // What was taken is to be given back when no message has come or gone for a while; pings are none.
  void look_at_memory() {
    if (protocol_->holds_much()) look_at_memory_now();
  }
  void look_at_memory_now();
  IdleTimer& idle_timer();
  void rest();

  // ---- bytes (session_io.cpp)
  void ready_to_read() override;
  void ready_to_write() override;
  void read_what_is_there();
  bool may_read() const noexcept;
  std::size_t read_once();
  void reading_has_ended(const net::IoResult& result);
  void settle();
  void wait_for_more();
  bool has_more_to_write();
  bool write_once(std::string_view bytes);

  void add_last_words() override;

  // ---- keepalive
  void start_keepalive();
  void measure_latency(const protocol::PongReceived& pong);
  void send_keepalive_ping() override;
  std::optional<std::uint64_t> look_for_life() override;
  void link_is_dead() override;

  // ---- the end
  void arm_close_timer();
  void arm_body_timer();
  void give_up_at(net::Clock::time_point when);
  void fail(Stage stage, base::Failure failure);
  void finish(Stage stage, const CloseInfo& info, std::optional<base::Failure> failure);
  Error make_error(Stage stage, base::Failure failure) const;
  protocol::Url url() const;
  Stage stage() const noexcept;
  void notify();
  // Asked before a line is put together.
  bool traces() const noexcept { return settings_.trace.enabled(); }
  void trace(const std::string& line);
  // Null while the trace is off.
  WireTrace* wire_trace() {
    if (!wire_trace_ && !settings_.trace.enabled()) return nullptr;
    return wire_trace_now();
  }
  WireTrace* wire_trace_now();

  net::Loop& loop_;
  const SessionSettings settings_;
  Owner* owner_;

  // The way there: the connector while it is at work, then stream and protocol together.
  base::Seldom<protocol::Url> url_;  // until it is open
  base::Seldom<protocol::HandshakeRequest> request_;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<protocol::ClientProtocol> protocol_;

  // Time: one deadline, for connecting and then for closing.
  net::OperationPtr timer_;
  net::Clock::time_point connect_deadline_ = net::Clock::time_point::max();
  std::unique_ptr<Keepalive> keepalive_;
  std::unique_ptr<IdleTimer> idle_timer_;  // once there may be memory to give back
  bool takes_memory_ = false;              // it compresses, or buffers became big
  bool close_timer_is_armed_ = false;

  bool is_secure_ = false;  // the URL's scheme

  // Bytes.
  bool reading_is_paused_ = false;
  bool in_read_turn_ = false;
  bool output_is_cut_ = false;    // what is left of the output begins within a frame
  bool writing_is_over_ = false;  // the system takes no more; what can still be read is read
  bool reading_is_over_ = false;  // the stream has ended
  std::uint64_t written_ = 0;
  std::uint64_t signs_of_life_ = 0;
  std::chrono::microseconds latency_{0};
  std::unique_ptr<WireTrace> wire_trace_;  // while the trace is on

  // The end.
  bool opened_ = false;
  bool ended_ = false;
  bool end_is_told_ = false;
  base::Seldom<base::Failure> failure_;
  base::Seldom<Result> result_;
};

}  // namespace websocket::engine
