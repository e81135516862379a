// What the synchronous face throws. The callback face throws none of these: it calls on_error.
#pragma once

#include <memory>
#include <system_error>
#include <websocket/close.hpp>
#include <websocket/error.hpp>
#include <websocket/export.hpp>

namespace websocket {

/// The root of the family; `what()` is the error's sentence, `code()` its Errc. Thrown as itself
/// for invalid arguments other than the URL.
class WEBSOCKET_API WebSocketException : public std::system_error {
 public:
  explicit WebSocketException(Error error);
  WebSocketException(const WebSocketException&) = default;
  ~WebSocketException() override;
  const Error& error() const noexcept { return *error_; }
  const char* what() const noexcept override { return error_->message.c_str(); }

 private:
  std::shared_ptr<const Error> error_;  // shared: copying an exception must not throw
};

/// The URL cannot be used (Condition::invalid_argument at Stage::url).
class WEBSOCKET_API WebSocketUrlException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
  ~WebSocketUrlException() override;
};

/// No way to the server: Condition::address or Condition::refused.
class WEBSOCKET_API WebSocketAddressException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
  ~WebSocketAddressException() override;
};

/// Condition::proxy.
class WEBSOCKET_API WebSocketProxyException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
  ~WebSocketProxyException() override;
};

/// Condition::tls.
class WEBSOCKET_API WebSocketTlsException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
  ~WebSocketTlsException() override;
};

/// The server broke the protocol: a wrong 101 (Condition::handshake_failed) or wrong frames
/// (Condition::protocol_violation).
class WEBSOCKET_API WebSocketProtocolException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
  ~WebSocketProtocolException() override;
};

/// The server answered with something else than 101.
class WEBSOCKET_API WebSocketBadStatusException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
  ~WebSocketBadStatusException() override;
  const Response& response() const noexcept { return *error().response; }
};

/// A payload that is not what it claims to be, or too big: Condition::payload_invalid or too_big.
/// Also thrown, as Condition::invalid_argument, for text to send that is not UTF-8 and for a
/// control payload over 125 bytes.
class WEBSOCKET_API WebSocketPayloadException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
  ~WebSocketPayloadException() override;
};

/// Condition::timeout. After a timeout of recv or send the connection is whole and can be used.
class WEBSOCKET_API WebSocketTimeoutException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
  ~WebSocketTimeoutException() override;
};

/// The connection is closed or lost: Condition::closed.
class WEBSOCKET_API WebSocketConnectionClosedException : public WebSocketException {
 public:
  WebSocketConnectionClosedException(Error error, CloseInfo close_info);
  ~WebSocketConnectionClosedException() override;
  /// How it ended; code 1006 when no Close frame came.
  const CloseInfo& close_info() const noexcept { return *close_info_; }

 private:
  std::shared_ptr<const CloseInfo> close_info_;
};

}  // namespace websocket
