#include "api/probe.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "support/deadline.hpp"
#include "support/descriptor.hpp"

namespace api_test {

using websocket::CloseInfo;
using websocket::Condition;
using websocket::Error;
using websocket::Message;
using websocket::WebSocketApp;

namespace {

const char* words_for(const Error& error) {
  static constexpr std::pair<Condition, const char*> table[] = {
      {Condition::invalid_argument, "invalid_argument"},
      {Condition::address, "address"},
      {Condition::proxy, "proxy"},
      {Condition::tls, "tls"},
      {Condition::handshake_failed, "handshake_failed"},
      {Condition::protocol_violation, "protocol_violation"},
      {Condition::payload_invalid, "payload_invalid"},
      {Condition::too_big, "too_big"},
      {Condition::timeout, "timeout"},
      {Condition::closed, "closed"},
      {Condition::refused, "refused"},
      {Condition::callback_threw, "callback_threw"}};
  for (const auto& [condition, words] : table) {
    if (error.code == condition) return words;
  }
  return "of no condition";
}

Outcome talk_as_app(const std::string& url, const websocket::ConnectOptions& options) {
  Outcome outcome;
  WebSocketApp app(url, options);
  app.on_message = [&](WebSocketApp&, std::string_view text) { outcome.texts.emplace_back(text); };
  app.on_error = [&](WebSocketApp&, const Error& error) { outcome.errors.push_back(error); };
  app.on_close = [&](WebSocketApp&, const CloseInfo& info) { outcome.info = info; };
  outcome.returned = app.run_forever();
  return outcome;
}

Outcome talk_as_client(const std::string& url, const websocket::ConnectOptions& options) {
  Outcome outcome;
  const auto threw = [&](const char* name, const websocket::WebSocketException& thrown) {
    outcome.exception = name;
    outcome.errors.push_back(thrown.error());
  };
  try {
    auto socket = websocket::create_connection(url, options);
    for (;;) outcome.texts.push_back(socket.recv());
  } catch (const websocket::WebSocketUrlException& thrown) {
    threw("Url", thrown);
  } catch (const websocket::WebSocketAddressException& thrown) {
    threw("Address", thrown);
  } catch (const websocket::WebSocketProxyException& thrown) {
    threw("Proxy", thrown);
  } catch (const websocket::WebSocketTlsException& thrown) {
    threw("Tls", thrown);
  } catch (const websocket::WebSocketBadStatusException& thrown) {
    threw("BadStatus", thrown);
  } catch (const websocket::WebSocketProtocolException& thrown) {
    threw("Protocol", thrown);
  } catch (const websocket::WebSocketPayloadException& thrown) {
    threw("Payload", thrown);
  } catch (const websocket::WebSocketTimeoutException& thrown) {
    threw("Timeout", thrown);
  } catch (const websocket::WebSocketConnectionClosedException& thrown) {
    threw("ConnectionClosed", thrown);
    outcome.info = thrown.close_info();
  } catch (const websocket::WebSocketException& thrown) {
    threw("", thrown);
  }
  return outcome;
}

sockaddr_in local(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

}  // namespace

void Probe::attach(WebSocketApp& app) {
  app.on_open = [this](WebSocketApp&) {
    add("open");
    opened.set();
  };
  app.on_reconnect = [this](WebSocketApp&) { add("reconnect"); };
  app.on_drain = [this](WebSocketApp&) { add("drain"); };
  app.on_message = [this](WebSocketApp&, const Message& message) {
    add("message " + std::string(message.data.substr(0, 100)));
    messages.push({std::string(message.data), message.opcode});
  };
  app.on_ping = [this](WebSocketApp&, std::string_view data) { add("ping " + std::string(data)); };
  app.on_pong = [this](WebSocketApp&, std::string_view data) { add("pong " + std::string(data)); };
  app.on_error = [this](WebSocketApp&, const Error& error) {
    add(words(error));
    errors.push(error);
  };
  app.on_close = [this](WebSocketApp&, const CloseInfo& info) {
    add(words(info));
    closes.push(info);
    if (!info.will_reconnect) ended.set();
  };
}

std::string Probe::words(const Error& error) {
  return std::string("error ") + words_for(error) + (error.will_reconnect ? " again" : "");
}

std::string Probe::words(const CloseInfo& info) {
  return "close " + std::to_string(info.code) + (info.will_reconnect ? " again" : "");
}

std::vector<std::string> Probe::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

std::size_t Probe::count(std::string_view beginning) const {
  const auto all = events();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const auto& event) { return event.starts_with(beginning); }));
}

void Probe::add(std::string event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
}

Watchdog::Watchdog(std::string what)
    : thread_([this, what = std::move(what)] {
        if (over_.wait(2 * support::default_deadline)) return;
        std::fprintf(stderr, "this hangs: %s\n", what.c_str());
        std::abort();
      }) {}

Watchdog::~Watchdog() {
  over_.set();
  thread_.join();
}

bool comes_true(const std::function<bool()>& condition) {
  const support::Deadline deadline(support::default_deadline);
  while (!condition()) {
    if (deadline.over()) return false;
    std::this_thread::yield();
  }
  return true;
}

const char* name_of(Face face) { return face == Face::app ? "WebSocketApp" : "WebSocket"; }

Outcome talk(Face face, const std::string& url, const websocket::ConnectOptions& options) {
  const Watchdog watchdog(std::string("talking as ") + name_of(face));
  return face == Face::app ? talk_as_app(url, options) : talk_as_client(url, options);
}

RefusingPort::RefusingPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = local(0);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(socket_.get(), generic, size) != 0 ||
      ::getsockname(socket_.get(), generic, &size) != 0) {
    throw std::runtime_error("no port is free");
  }
  port_ = ntohs(address.sin_port);
}

void RefusingPort::stay_silent() {
  if (::listen(socket_.get(), 0) != 0) throw std::runtime_error("listen failed");
  const sockaddr_in address = local(port_);
  // More than the queue takes; the system drops what comes after.
  for (int i = 0; i < 4; ++i) {
    queue_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::connect(queue_.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
}

websocket::ConnectOptions quick() {
  return {.timeout = support::default_deadline, .close_timeout = support::Milliseconds(200)};
}

}  // namespace api_test
