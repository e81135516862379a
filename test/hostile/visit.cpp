// Three connections of a WebSocketApp, or of a WebSocket.
#include "hostile/visit.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace hostile {
namespace {

using websocket::CloseInfo;
using websocket::ConnectOptions;
using websocket::Error;
using websocket::Message;
using websocket::WebSocketApp;

constexpr std::size_t texts_to_keep = 1000;
constexpr std::size_t length_to_keep = 200;

void note(Seen& seen, std::string_view message) {
  ++seen.messages;
  seen.bytes += message.size();
  if (message.size() <= length_to_keep && seen.texts.size() < texts_to_keep) {
    seen.texts.emplace_back(message);
  }
}

class AppVisitor {
 public:
  AppVisitor(const std::string& url, const ConnectOptions& options) : app_(url, options) {
    app_.on_open = [this](WebSocketApp& app) {
      for (unsigned i = 0; i < to_send_; ++i) app.send(std::to_string(i));
    };
    app_.on_message = [this](WebSocketApp&, const Message& message) { note(seen_, message.data); };
    app_.on_error = [this](WebSocketApp&, const Error& error) { seen_.errors.push_back(error); };
    app_.on_close = [this](WebSocketApp&, const CloseInfo& info) {
      ++seen_.ends;
      seen_.info = info;
    };
  }

  Seen meet(unsigned to_send) {
    seen_ = {};
    to_send_ = to_send;
    // On this thread: of one that still runs elsewhere the system would not tell all the time it took.
    app_.run_forever();
    return seen_;
  }

 private:
  Seen seen_;
  unsigned to_send_ = 0;
  WebSocketApp app_;
};

class ClientVisitor {
 public:
  ClientVisitor(std::string url, const ConnectOptions& options)
      : url_(std::move(url)), socket_(options) {}

  Seen meet(unsigned to_send) {
    Seen seen;
    try {
      socket_.connect(url_);
      for (unsigned i = 0; i < to_send; ++i) socket_.send(std::to_string(i));
      for (;;) note(seen, socket_.recv());
    } catch (const websocket::WebSocketConnectionClosedException& closed) {
      seen.info = closed.close_info();
      if (seen.info.code == 1006) seen.errors.push_back(closed.error());
    } catch (const websocket::WebSocketException& failed) {
      seen.errors.push_back(failed.error());
    }
    ++seen.ends;
    expect_end();
    return seen;
  }

 private:
  // What has failed once says so again; there is nothing more to be had of it.
  void expect_end() {
    try {
      static_cast<void>(socket_.recv());
      std::fprintf(stderr, "a message came out of a connection that had ended\n");
      std::abort();
    } catch (const websocket::WebSocketException&) {
      if (!socket_.connected()) return;
      std::fprintf(stderr, "a connection that has failed calls itself connected\n");
      std::abort();
    }
  }

  std::string url_;
  websocket::WebSocket socket_;
};

template <class Visitor>
Visit three_times(Visitor visitor, const Manners& manners) {
  Visit visit;
  visit.before = visitor.meet(0);
  if (manners.before_hostile) manners.before_hostile();
  visit.hostile = visitor.meet(manners.texts_to_send);
  if (manners.after_hostile) manners.after_hostile();
  visit.after = visitor.meet(0);
  return visit;
}

}  // namespace

std::string name_of(Face face) { return face == Face::app ? "WebSocketApp" : "WebSocket"; }

Visit visit(Face face, const std::string& url, const ConnectOptions& options,
            const Manners& manners) {
  if (face == Face::client) return three_times(ClientVisitor(url, options), manners);
  struct Shared {  // an app is not moved
    AppVisitor& visitor;
    Seen meet(unsigned to_send) { return visitor.meet(to_send); }
  };
  AppVisitor visitor(url, options);
  return three_times(Shared{visitor}, manners);
}

ConnectOptions quick() {
  return {.timeout = std::chrono::seconds(20), .close_timeout = std::chrono::milliseconds(500)};
}

}  // namespace hostile
