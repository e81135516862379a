// What a program may set before it connects. Every member has a value that is right for most.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>
#include <websocket/close.hpp>
#include <websocket/error.hpp>
#include <websocket/headers.hpp>

namespace websocket {

/// The library's unit of time; any std::chrono duration of whole milliseconds converts to it.
using Duration = std::chrono::milliseconds;

enum class TlsVersion : std::uint8_t { tls1_2, tls1_3 };

/// TLS for wss URLs. The defaults verify the server against the system's trust store and the URL's
/// host. A file or value that cannot be used is an error (Condition::tls) when connecting.
struct TlsOptions {
  bool verify_peer{true};      ///< false: any certificate is accepted. For experiments alone.
  bool check_hostname{true};   ///< false: a valid certificate of any host is accepted
  std::string ca_file{};       ///< PEM file of the authorities to trust instead of the system's
  std::string ca_path{};       ///< OpenSSL directory of hashed authorities, likewise
  std::string ca_pem{};        ///< PEM text of authorities, likewise; the three add up
  std::string cert_file{};     ///< PEM file of the client's certificate and its chain
  std::string key_file{};      ///< PEM file of its private key; empty: in cert_file
  std::string key_password{};  ///< opens an encrypted key_file; one is never asked for
  std::string
      server_hostname{};  ///< name or IP address to send (SNI) and check instead of the URL's
  std::string ciphers{};  ///< OpenSSL cipher list for TLS 1.2; empty: OpenSSL's default
  TlsVersion min_version{TlsVersion::tls1_2};
  /// When not empty: the server's public key must be one of these, "sha256//BASE64" each. This adds
  /// to verifying; it does not replace it.
  std::vector<std::string> pinned_public_keys{};
};

/// Proxies. Not built yet in this version: a `url` set here fails with Errc::invalid_option rather
/// than connecting past the proxy; the environment's proxy variables are not looked at.
struct ProxyOptions {
  std::string url{};  ///< http:// https:// socks4:// socks4a:// socks5:// socks5h://
  std::vector<std::string> no_proxy{};  ///< hosts to reach directly
  bool from_environment{true};
};

/// The TCP socket. A buffer size of 0 leaves the system's.
struct SocketOptions {
  bool tcp_nodelay{true};
  bool tcp_keepalive{true};
  int send_buffer_size{0};
  int receive_buffer_size{0};
  std::string local_address{};  ///< numeric address to connect from; empty: the system chooses
};

/// permessage-deflate (RFC 7692), which compresses messages where the server agrees; `extensions()`
/// of WebSocketApp and WebSocket tells what was agreed on. A library built without zlib offers
/// nothing. While it is enabled, a value out of its range fails with Errc::invalid_option.
///
/// Compressing takes some 256 KiB for a connection that sends, inflating some 40 KiB for one that
/// receives: taken with the first compressed message, and given back when no message has come or
/// gone for 10 to 20 seconds (on the synchronous face: with the next call after that). Inflating
/// keeps its 40 KiB where the server's messages may refer to earlier ones.
struct CompressionOptions {
  bool enabled{true};  ///< false: it is not offered to the server
  /// Each message is compressed by itself: the receiver needs no memory between messages, and
  /// messages are bigger. For ours (client) or the server's, which must agree to it; else the
  /// handshake fails.
  bool client_no_context_takeover{false};
  bool server_no_context_takeover{false};
  /// How far back compressing looks, as a power of two: 8 to 15, for 256 bytes to 32 KiB. A value
  /// below 15 for the server must be agreed to; else the handshake fails.
  int client_max_window_bits{15};
  int server_max_window_bits{15};
  int level{6};                ///< zlib's, 0 (not at all) to 9 (smallest and slowest)
  std::size_t threshold{256};  ///< messages of fewer bytes go out uncompressed
};

/// Bounds for what a server can make us hold, in bytes unless said otherwise.
struct Limits {
  /// A bigger message fails with 1009. Of a compressed one the inflated bytes count, while it is
  /// being inflated.
  std::size_t max_message_size{64U << 20U};
  std::size_t max_fragments{131072};          ///< fragments of one message; more fail with 1009
  std::size_t max_response_head{64U << 10U};  ///< the handshake's answer
  /// Unsent data an app holds, frame headers included; a message that would exceed it is refused
  /// with SendResult::buffer_full, so one that is larger by itself never fits.
  /// While a message is sent in pieces, what waits behind it may take as much once more.
  std::size_t max_send_buffer{16U << 20U};
  /// When on_drain is told: once more than `send_high_water` was unsent (0: once a message was
  /// refused) and no more than `send_low_water` is any longer (0: half of the high one, or of
  /// max_send_buffer).
  std::size_t send_high_water{0};
  std::size_t send_low_water{0};
};

/// How to connect.
struct ConnectOptions {
  /// The whole of connecting: name, address, TLS, handshake. Zero or less: no limit.
  /// On the synchronous face also what send and recv start with.
  Duration timeout{std::chrono::seconds(30)};
  /// How long closing may take in all: the handshake, and the server ending TCP.
  Duration close_timeout{std::chrono::seconds(3)};

  Headers header{};  ///< more fields for the request, sent as given
  /// Asked before every attempt, on the thread that runs the loop, for fields to send after
  /// `header`'s: for tokens that expire. What it throws is the attempt's error
  /// (Condition::callback_threw).
  std::function<Headers()> header_factory{};
  std::string cookie{};         ///< the Cookie field's value
  std::string host{};           ///< the Host field's value instead of the URL's
  std::string origin{};         ///< the Origin field's value instead of http(s)://host[:port]
  bool suppress_origin{false};  ///< send no Origin field
  std::string user_agent{};     ///< "" sends none
  std::vector<std::string> subprotocols{};  ///< offered, the most wanted first
  int redirect_limit{3};  ///< not built yet in this version: redirects are told as Errc::bad_status
  bool skip_utf8_validation{false};  ///< trust the server that its text is UTF-8

  TlsOptions tls{};
  ProxyOptions proxy{};
  SocketOptions socket{};
  CompressionOptions compression{};
  Limits limits{};
};

/// When and how fast a lost or refused connection is tried again. A server that answers with
/// Retry-After (RFC 9110 10.2.3) is left alone for that long, but no longer than an hour, and for the
/// delay besides.
struct ReconnectPolicy {
  Duration initial_delay{500};  ///< before the first new attempt
  Duration max_delay{std::chrono::seconds(60)};
  double multiplier{2.0};  ///< from each delay to the next; at least 1
  bool jitter{true};       ///< wait a random part of the delay, so that clients do not come in step
  int max_attempts{0};  ///< failed attempts in a row before giving up, the first included; 0: never
  /// A connection that stood that long was a success: the delay after it is `initial_delay` again.
  /// Where one is lost sooner the delay grows on, so that a server which accepts and drops is not
  /// stormed. (For max_attempts every connection that opened was a success.)
  Duration reset_after{std::chrono::seconds(10)};
  /// Decides instead of the library's rule: which is to try again after everything but our own
  /// close(), an invalid argument, a certificate that does not verify and an HTTP answer 4xx other
  /// than 408 and 429. The Error is null when the server closed in order. Called on the thread that
  /// runs the loop; what it throws counts as false.
  std::function<bool(const Error*, const CloseInfo&)> should_reconnect{};
};

/// "Run this over there": a GUI's post or invokeLater. It is called from the loop's thread, and from
/// where it runs what it was given, and must keep the order of that. What it refuses, by throwing, it
/// is offered again before long, while the run lasts. Where it runs things, do not wait() for the run
/// to end: while many things wait there the server's Close is not read either.
using Dispatcher = std::function<void(std::function<void()>)>;

/// How to run an app.
struct RunOptions {
  Duration ping_interval{0};  ///< a ping whenever that time has passed; 0: none
  Duration ping_timeout{
      0};  ///< the link is dead when nothing came that long after a ping; 0: never
  std::string ping_payload{};                  ///< of those pings, at most 125 bytes
  std::optional<ReconnectPolicy> reconnect{};  ///< empty: a run is one connection
  Dispatcher dispatcher{};  ///< empty: handlers run on the thread that runs the loop
};

}  // namespace websocket
