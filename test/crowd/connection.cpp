// See connection.hpp: reading, answering, and counting frames (RFC 6455 4.2.2, 5.2 and 5.5.1).
#include "crowd/connection.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

namespace crowd {
namespace {

std::string_view header_value(std::string_view head, std::string_view name) {
  const auto at = head.find(std::string(name) + ": ");
  if (at == std::string_view::npos) return {};
  const auto begin = at + name.size() + 2;
  return head.substr(begin, head.find('\r', begin) - begin);
}

// RFC 6455 4.2.2, item 5.4.
std::string accept_value(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), SHA_DIGEST_LENGTH);
  return {encoded.begin(), encoded.begin() + length};
}

std::size_t big_endian(std::string_view bytes) {
  std::size_t number = 0;
  for (const char byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

// RFC 6455 5.2, of a frame that is masked.
struct FrameHead {
  unsigned opcode;
  bool fin;
  std::size_t key_at;
  std::size_t length;
  std::size_t payload_at() const { return key_at + 4; }
  std::size_t end() const { return payload_at() + length; }
};

std::optional<FrameHead> read_head(std::string_view bytes) {
  if (bytes.size() < 2) return {};
  const auto first = static_cast<unsigned char>(bytes[0]);
  const std::size_t short_length = static_cast<unsigned char>(bytes[1]) & 0x7FU;
  const std::size_t extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  if (bytes.size() < 2 + extended) return {};
  const std::size_t length = extended == 0 ? short_length : big_endian(bytes.substr(2, extended));
  return FrameHead{first & 0x0FU, (first & 0x80U) != 0, 2 + extended, length};
}

}  // namespace

Connection::Connection(support::Descriptor socket, SSL_CTX* tls) : socket_(std::move(socket)) {
  if (tls == nullptr) return;
  ssl_.reset(SSL_new(tls));
  SSL_set_fd(ssl_.get(), socket_.get());
  SSL_set_accept_state(ssl_.get());
}

bool Connection::advance(Totals& totals) {
  const bool goes_on = take_what_is_there(totals) && write_unsent();
  if (!goes_on && stage_ != Stage::ending) {
    if (is_open()) --totals.open;
    ++totals.lost;
  }
  return goes_on;
}

bool Connection::take_what_is_there(Totals& totals) {
  static std::array<char, std::size_t{64} << 10U> buffer;  // one thread runs all connections
  for (;;) {
    std::size_t size = 0;
    switch (read_some(buffer.data(), buffer.size(), size)) {
      case Io::blocked:
        return true;
      case Io::over:
        return false;
      case Io::done:
        break;
    }
    if (stage_ == Stage::ending) continue;
    unread_.append(buffer.data(), size);
    if (stage_ == Stage::handshake) answer_handshake(totals);
    while (stage_ == Stage::open && take_frame(totals)) {
    }
  }
}

void Connection::answer_handshake(Totals& totals) {
  const auto end = unread_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const std::string_view head(unread_.data(), end + 2);
  const bool compresses =
      header_value(head, "Sec-WebSocket-Extensions").starts_with("permessage-deflate");
  queue(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_value(header_value(head, "Sec-WebSocket-Key")) + "\r\n");
  queue(compresses ? "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" : "\r\n");
  unread_.erase(0, end + 4);
  stage_ = Stage::open;
  ++totals.open;
}

bool Connection::take_frame(Totals& totals) {
  const std::optional<FrameHead> head = read_head(unread_);
  if (!head || unread_.size() < head->end()) return false;
  const std::string_view bytes = unread_;
  if (head->opcode < 3 && head->fin) ++totals.messages;
  if (head->opcode == 8) {
    answer_close(bytes.substr(head->payload_at(), head->length), bytes.substr(head->key_at, 4),
                 totals);
  }
  unread_.erase(0, head->end());
  if (unread_.empty()) unread_.shrink_to_fit();
  return true;
}

// The same code comes back, and the server ends the connection first (RFC 6455 5.5.1 and 7.1.1).
void Connection::answer_close(std::string_view masked, std::string_view key, Totals& totals) {
  const std::size_t length = masked.size() < 2 ? 0 : 2;
  std::string frame{static_cast<char>(0x88), static_cast<char>(length)};
  for (std::size_t i = 0; i < length; ++i) frame += static_cast<char>(masked[i] ^ key[i]);
  queue(frame);
  stage_ = Stage::ending;
  --totals.open;
  ++totals.closed;
}

bool Connection::write_unsent() {
  while (!unsent_.empty()) {
    std::size_t size = 0;
    switch (write_some(size)) {
      case Io::blocked:
        return true;
      case Io::over:
        return false;
      case Io::done:
        unsent_.erase(0, size);
        break;
    }
    if (!unsent_.empty() || stage_ != Stage::ending) continue;
    if (ssl_) SSL_shutdown(ssl_.get());
    ::shutdown(socket_.get(), SHUT_WR);
  }
  return true;
}

Connection::Io Connection::read_some(char* into, std::size_t room, std::size_t& size) {
  if (ssl_) {
    ERR_clear_error();
    return tls_result(SSL_read_ex(ssl_.get(), into, room, &size), size);
  }
  const ssize_t got = ::recv(socket_.get(), into, room, 0);
  if (got < 0) return errno == EAGAIN ? Io::blocked : Io::over;
  size = static_cast<std::size_t>(got);
  return got > 0 ? Io::done : Io::over;
}

Connection::Io Connection::write_some(std::size_t& size) {
  if (ssl_) {
    ERR_clear_error();
    return tls_result(SSL_write_ex(ssl_.get(), unsent_.data(), unsent_.size(), &size), size);
  }
  const ssize_t put = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  if (put < 0) return errno == EAGAIN ? Io::blocked : Io::over;
  size = static_cast<std::size_t>(put);
  return Io::done;
}

Connection::Io Connection::tls_result(int result, std::size_t& size) {
  if (result == 1 && size > 0) return Io::done;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Io::blocked;
    default:
      return Io::over;
  }
}

std::string server_message(std::size_t size) {
  std::string frame(1, static_cast<char>(0x82));
  const unsigned extended = size < 126 ? 0 : size < 65536 ? 2 : 8;
  frame += static_cast<char>(extended == 0 ? size : extended == 2 ? 126 : 127);
  for (unsigned i = extended; i > 0; --i) frame += static_cast<char>(size >> (8 * (i - 1)));
  return frame + std::string(size, 'x');
}

}  // namespace crowd
