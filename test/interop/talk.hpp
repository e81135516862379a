// One conversation with a server, the same for both faces of the library, so that each scenario is
// written once. What only one face has is tested with that face itself.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>
#include <websocket/websocket.hpp>

#include "peers.hpp"
#include "support/event.hpp"

namespace interop {

/// How a connection ended.
struct Ending {
  websocket::CloseInfo info;
  std::vector<websocket::Error> errors;  ///< told since the connection was open
};

class Talk {
 public:
  virtual ~Talk() = default;

  /// Why it did not open; nullopt when it did.
  virtual std::optional<websocket::Error> open(const std::string& url,
                                               websocket::ConnectOptions options = {}) = 0;
  virtual void send_text(std::string_view text) = 0;
  virtual void send_bytes(std::string_view data) = 0;
  virtual void ping(std::string_view payload) = 0;
  /// The next message; nullopt when the connection has ended or none came in time.
  virtual std::optional<websocket::ReceivedMessage> receive() = 0;
  /// We close.
  virtual Ending close(std::uint16_t code, std::string_view reason) = 0;
  /// The server ends it; messages until then are dropped.
  virtual Ending wait_for_end() = 0;

  virtual websocket::Response response() const = 0;
  virtual std::string subprotocol() const = 0;
  virtual std::string remote_address() const = 0;
};

/// Over a WebSocketApp on its background thread.
class AppTalk : public Talk {
 public:
  static constexpr const char* name = "WebSocketApp";

  ~AppTalk() override;
  std::optional<websocket::Error> open(const std::string& url,
                                       websocket::ConnectOptions options = {}) override;
  void send_text(std::string_view text) override;
  void send_bytes(std::string_view data) override;
  void ping(std::string_view payload) override;
  std::optional<websocket::ReceivedMessage> receive() override;
  Ending close(std::uint16_t code, std::string_view reason) override;
  Ending wait_for_end() override;
  websocket::Response response() const override;
  std::string subprotocol() const override;
  std::string remote_address() const override;

 private:
  support::Mailbox<std::optional<websocket::Error>> opened_;              // nullopt: it is open
  support::Mailbox<std::optional<websocket::ReceivedMessage>> messages_;  // nullopt: it has ended
  support::Mailbox<websocket::Error> errors_;
  support::Mailbox<websocket::CloseInfo> closed_;
  bool is_open_ = false;  // the loop's thread alone
  std::unique_ptr<websocket::WebSocketApp> app_;
};

/// Over a WebSocket on the test's own thread.
class SyncTalk : public Talk {
 public:
  static constexpr const char* name = "WebSocket";

  std::optional<websocket::Error> open(const std::string& url,
                                       websocket::ConnectOptions options = {}) override;
  void send_text(std::string_view text) override;
  void send_bytes(std::string_view data) override;
  void ping(std::string_view payload) override;
  std::optional<websocket::ReceivedMessage> receive() override;
  Ending close(std::uint16_t code, std::string_view reason) override;
  Ending wait_for_end() override;
  websocket::Response response() const override;
  std::string subprotocol() const override;
  std::string remote_address() const override;

 private:
  std::optional<websocket::WebSocket> socket_;
};

/// Opens, or throws with the error's sentence.
void open(Talk& talk, const std::string& url, websocket::ConnectOptions options = {});
/// The next message's data, which must be a text; throws when there is none.
std::string next_text(Talk& talk);

// ---- What the scenarios are repeated over

struct PythonWebsockets {
  static constexpr Kind kind = Kind::python_websockets;
};
struct Tornado {
  static constexpr Kind kind = Kind::tornado;
};
struct NodeWs {
  static constexpr Kind kind = Kind::node_ws;
};

template <class Face, class Server>
struct Over {
  static constexpr Kind kind = Server::kind;
  static Peer& peer() { return shared(kind); }
  static std::unique_ptr<Talk> talk() { return std::make_unique<Face>(); }
  /// For words that only this pair's connections say to the server.
  static std::string name() { return Face::name; }
};

using EveryPair = std::tuple<Over<AppTalk, PythonWebsockets>, Over<SyncTalk, PythonWebsockets>,
                             Over<AppTalk, Tornado>, Over<SyncTalk, Tornado>, Over<AppTalk, NodeWs>,
                             Over<SyncTalk, NodeWs>>;
/// Tornado has no way to send fragments.
using EveryPairWithFragments =
    std::tuple<Over<AppTalk, PythonWebsockets>, Over<SyncTalk, PythonWebsockets>,
               Over<AppTalk, NodeWs>, Over<SyncTalk, NodeWs>>;
using EveryServer = std::tuple<PythonWebsockets, Tornado, NodeWs>;

}  // namespace interop
