// Bodies of exceptions.hpp, and which exception stands for which error.
#include <utility>
#include <websocket/exceptions.hpp>

#include "api/throw_error.hpp"

namespace websocket {

WebSocketException::WebSocketException(Error error)
    : std::system_error(error.code, error.message),
      error_(std::make_shared<const Error>(std::move(error))) {}

WebSocketConnectionClosedException::WebSocketConnectionClosedException(Error error,
                                                                       CloseInfo close_info)
    : WebSocketException(std::move(error)),
      close_info_(std::make_shared<const CloseInfo>(std::move(close_info))) {}

// Defined here, so that each class has its type information in the library alone and is caught
// across the library's border.
WebSocketException::~WebSocketException() = default;
WebSocketUrlException::~WebSocketUrlException() = default;
WebSocketAddressException::~WebSocketAddressException() = default;
WebSocketProxyException::~WebSocketProxyException() = default;
WebSocketTlsException::~WebSocketTlsException() = default;
WebSocketProtocolException::~WebSocketProtocolException() = default;
WebSocketBadStatusException::~WebSocketBadStatusException() = default;
WebSocketPayloadException::~WebSocketPayloadException() = default;
WebSocketTimeoutException::~WebSocketTimeoutException() = default;
WebSocketConnectionClosedException::~WebSocketConnectionClosedException() = default;

namespace api {

void throw_error(Error error, const CloseInfo& close_info) {
  const std::error_code code = error.code;
  if (error.stage == Stage::url) throw WebSocketUrlException(std::move(error));
  if (code == Errc::invalid_utf8_sent || code == Errc::control_too_long_sent) {
    throw WebSocketPayloadException(std::move(error));
  }
  if (code == Condition::address || code == Condition::refused) {
    throw WebSocketAddressException(std::move(error));
  }
  if (code == Condition::proxy) throw WebSocketProxyException(std::move(error));
  if (code == Condition::tls) throw WebSocketTlsException(std::move(error));
  if (error.response) throw WebSocketBadStatusException(std::move(error));
  if (code == Condition::handshake_failed || code == Condition::protocol_violation) {
    throw WebSocketProtocolException(std::move(error));
  }
  if (code == Condition::payload_invalid || code == Condition::too_big) {
    throw WebSocketPayloadException(std::move(error));
  }
  if (code == Condition::timeout) throw WebSocketTimeoutException(std::move(error));
  if (code == Condition::closed) {
    throw WebSocketConnectionClosedException(std::move(error), close_info);
  }
  throw WebSocketException(std::move(error));
}

void throw_error(Errc code, Stage stage, std::string message, const CloseInfo& close_info) {
  Error error;
  error.code = code;
  error.stage = stage;
  error.message = std::move(message);
  throw_error(std::move(error), close_info);
}

}  // namespace api
}  // namespace websocket
