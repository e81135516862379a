// An app brought into one situation of its life, with the peer that keeps it there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <websocket/websocket.hpp>

#include "api/probe.hpp"
#include "life/ground.hpp"
#include "life/hanging_names.hpp"
#include "support/event.hpp"
#include "support/raw_server.hpp"

namespace life {

enum class Situation : std::uint8_t {
  idle,
  resolving,         ///< the name server does not answer
  connecting,        ///< TCP is not answered
  tls,               ///< the server says nothing, and TLS was begun
  handshake,         ///< the server says nothing, and was asked for a WebSocket
  open,              ///< the server answers a Close frame
  half_a_frame,      ///< the rest never comes; the server answers nothing from here on
  half_a_message,    ///< likewise
  write_blocked,     ///< the server reads nothing
  closing,           ///< close(4000) was called, and the server does not answer
  closed_by_server,  ///< with code 1001; it does not end TCP
  waiting,           ///< for an attempt in an hour; the server refuses
  closed             ///< the server closed; it does so with every connection
};
/// "half a frame received", ...
const char* name_of(Situation situation);
/// What state() says.
websocket::State state_of(Situation situation);

class Scene {
 public:
  /// Returns when the app is in that situation.
  Scene(Situation situation, Ground ground, websocket::Duration close_timeout);
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  websocket::WebSocketApp& app() { return *app_; }
  void destroy_app() { app_.reset(); }
  /// How a run is started here.
  websocket::RunOptions run_options() const;
  /// The server ends every connection, and names are answered.
  void let_server_go();
  /// Whether that many runs have told their end.
  [[nodiscard]] bool ends(std::size_t runs);

  api_test::Probe probe;
  support::Mailbox<int> close_codes;  ///< of the Close frames that reached the server

  static constexpr std::size_t send_buffer = 2'000'000;
  static constexpr std::size_t blocked_message = 1'600'000;  ///< more than the system takes
  static constexpr std::size_t does_not_fit = 900'000;       ///< behind the blocked one

 private:
  void build();
  void build_silent(const char* scheme);
  void build_open(const std::string& behind_fence, bool answers);
  void build_write_blocked();
  void build_closing();
  void build_closed_by_server();
  void build_waiting();
  void build_for_short_runs();
  void serve(support::RawServer::Script script);
  void make_app(const std::string& url);
  void start();

  const Situation situation_;
  const websocket::Duration close_timeout_;
  Runner runner_;
  support::Event reached_;   // by the server's script
  support::Event finished_;  // a script that reads nothing ends
  std::unique_ptr<HangingName> name_;
  std::unique_ptr<api_test::RefusingPort> port_;
  std::unique_ptr<support::RawServer> server_;
  std::unique_ptr<websocket::WebSocketApp> app_;
};

}  // namespace life
