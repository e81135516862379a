// See tls_stream.hpp. Renegotiation is off (RFC 8446 has none), and a key update (RFC 8446 4.6.3) is
// answered with the next write, so that reading seldom waits to write.
#include "net/tls_stream.hpp"

#include <utility>

#include "net/timer.hpp"

namespace websocket::net {

TlsStream::TlsStream(LoopContextPtr loop, std::unique_ptr<TlsSession> session)
    : loop_(std::move(loop)), session_(std::move(session)) {
  session_->lower().set_listener(this);
}

TlsStream::~TlsStream() { session_->lower().set_listener(nullptr); }

void TlsStream::set_listener(Stream::Listener* listener) { listener_ = listener; }

IoResult TlsStream::read(std::span<char> into) {
  session_->lower_may_have_more();
  reading_.need = Need::nothing;
  std::size_t size = 0;
  while (!end_ && size < into.size()) {
    std::size_t got = 0;
    switch (session_->read(into.subspan(size), got)) {
      case TlsSession::Status::ok:
        size += got;
        break;
      case TlsSession::Status::wants_read:
        reading_.need = Need::lower_read;
        return read_result(size, into.size());
      case TlsSession::Status::wants_write:
        reading_.need = Need::lower_write;
        return read_result(size, into.size());
      case TlsSession::Status::closed:
        end_ = IoResult{IoStatus::end};
        break;
      case TlsSession::Status::failed:
        end_ = IoResult{IoStatus::failed, 0, false, session_->error()};
        break;
    }
  }
  return read_result(size, into.size());
}

IoResult TlsStream::read_result(std::size_t size, std::size_t wanted) {
  if (size == 0 && end_) return *end_;
  const bool blocked = reading_.need != Need::nothing;
  if (size == 0) return {IoStatus::would_block, 0, blocked};
  const bool just_fits =
      size == wanted && !end_ && session_->lower_is_dry() && !session_->has_pending();
  return {IoStatus::ok, size, blocked || just_fits};
}

IoResult TlsStream::write(std::span<const char> from) {
  writing_.need = Need::nothing;
  std::size_t size = 0;
  while (!write_error_ && size < from.size()) {
    std::size_t put = 0;
    switch (session_->write(from.subspan(size), put)) {
      case TlsSession::Status::ok:
        size += put;
        break;
      case TlsSession::Status::wants_read:
        writing_.need = Need::lower_read;
        return {size > 0 ? IoStatus::ok : IoStatus::would_block, size};
      case TlsSession::Status::wants_write:
        writing_.need = Need::lower_write;
        return {size > 0 ? IoStatus::ok : IoStatus::would_block, size};
      case TlsSession::Status::closed:  // of no concern to writing; OpenSSL doesn't say it here
      case TlsSession::Status::failed:
        write_error_ = session_->error();
        break;
    }
  }
  if (size == 0 && write_error_) return {IoStatus::failed, 0, false, write_error_};
  return {IoStatus::ok, size};
}

void TlsStream::wait_to_read() {
  // Where the last read was not blocked, what is inside OpenSSL comes without the stream below.
  const bool unblocked = reading_.need == Need::nothing;
  if (unblocked && !end_ && !session_->has_pending()) reading_.need = Need::lower_read;
  wait(reading_, &Stream::Listener::ready_to_read);
}

void TlsStream::wait_to_write() {
  if (writing_.need == Need::nothing && !write_error_) writing_.need = Need::lower_write;
  wait(writing_, &Stream::Listener::ready_to_write);
}

void TlsStream::wait(Direction& direction, void (Stream::Listener::*told)()) {
  direction.is_awaited = true;
  switch (direction.need) {
    case Need::lower_read:
      return session_->lower().wait_to_read();
    case Need::lower_write:
      return session_->lower().wait_to_write();
    case Need::nothing:
      if (direction.soon != nullptr) return;
      direction.soon = run_soon(loop_, [this, &direction, told] { tell(direction, told); });
  }
}

void TlsStream::ready_to_read() { lower_is_ready(Need::lower_read); }
void TlsStream::ready_to_write() { lower_is_ready(Need::lower_write); }

void TlsStream::lower_is_ready(Need now) {
  // A direction that was tried again since it asked may need nothing any more; it is told all the
  // same.
  const bool read_goes_on = reading_.need == now || reading_.need == Need::nothing;
  const bool write_goes_on = writing_.need == now || writing_.need == Need::nothing;
  const std::weak_ptr<bool> alive = alive_;
  if (read_goes_on) tell(reading_, &Stream::Listener::ready_to_read);
  if (alive.expired()) return;  // the listener destroyed us
  if (write_goes_on) tell(writing_, &Stream::Listener::ready_to_write);
}

void TlsStream::tell(Direction& direction, void (Stream::Listener::*told)()) {
  direction.soon.reset();
  if (!std::exchange(direction.is_awaited, false)) return;
  if (listener_ != nullptr) (listener_->*told)();
}

void TlsStream::shut_down_sending() {
  session_->send_close_notify();
  session_->lower().shut_down_sending();
}

std::string TlsStream::local_address() const { return session_->lower().local_address(); }
std::string TlsStream::remote_address() const { return session_->lower().remote_address(); }

}  // namespace websocket::net
