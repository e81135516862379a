#include "engine/session_words.hpp"

namespace websocket::engine {

std::string seconds(Duration duration) {
  const auto count = duration.count();
  if (count % 1000 != 0) return std::to_string(count) + " ms";
  return std::to_string(count / 1000) + " s";
}

std::string what_failed(Stage stage, const protocol::Url& url) {
  switch (stage) {
    case Stage::url:
      return "cannot connect";
    case Stage::resolve:
      return "looking up " + url.host + " failed";
    case Stage::connect:
      return "connecting to " + url.host_and_port() + " failed";
    case Stage::proxy:
      return "connecting to " + url.host_and_port() + " through a proxy failed";
    case Stage::tls:
      return "TLS handshake with " + url.host_and_port() + " failed";
    case Stage::handshake:
      return "WebSocket handshake with " + url.host_and_port() + " failed";
    case Stage::open:
      return "connection with " + url.host_and_port() + " failed";
    case Stage::closing:
      return "closing the connection with " + url.host_and_port() + " failed";
    case Stage::callback:
      return "a handler failed";
  }
  return "connection failed";
}

const char* what_was_awaited(Stage stage) {
  switch (stage) {
    case Stage::resolve:
      return "the name was still being looked up";
    case Stage::connect:
      return "the TCP connection was not answered";
    case Stage::proxy:
      return "the proxy had not answered";
    case Stage::tls:
      return "the TLS handshake had not ended";
    case Stage::handshake:
      return "the server had not answered the WebSocket handshake";
    case Stage::url:
    case Stage::open:
    case Stage::closing:
    case Stage::callback:
      break;
  }
  return "it had not begun";
}

std::string end_in_words(const CloseInfo& info) {
  return "Websocket closed, code " + std::to_string(info.code) +
         (info.reason.empty() ? "" : " '" + info.reason + "'") +
         (!info.clean    ? ", not clean"
          : info.by_peer ? ", begun by the server"
                         : ", begun by us");
}

base::Failure no_memory_to_connect() {
  return {Errc::connect_failed, "there is not enough memory",
          std::make_error_code(std::errc::not_enough_memory)};
}

}  // namespace websocket::engine
