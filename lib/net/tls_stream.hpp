// A Stream inside another one: TLS after its handshake.
#pragma once

#include <memory>
#include <optional>

#include "net/loop.hpp"
#include "net/loop_context.hpp"
#include "net/stream.hpp"
#include "net/tls_session.hpp"

namespace websocket::net {

class TlsStream final : public Stream, private Stream::Listener {
 public:
  TlsStream(LoopContextPtr loop, std::unique_ptr<TlsSession> session);  // its handshake is done
  ~TlsStream() override;
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  void set_listener(Stream::Listener* listener) override;
  IoResult read(std::span<char> into) override;
  IoResult write(std::span<const char> from) override;
  void wait_to_read() override;
  void wait_to_write() override;
  void shut_down_sending() override;
  std::string local_address() const override;
  std::string remote_address() const override;

 private:
  // Which readiness of the stream below a direction is blocked on: TLS may have to write in order
  // to read.
  enum class Need { nothing, lower_read, lower_write };
  struct Direction {
    Need need = Need::nothing;
    bool is_awaited = false;
    OperationPtr soon;  // readiness that is known already, told from the loop
  };

  void ready_to_read() override;
  void ready_to_write() override;
  void lower_is_ready(Need now);

  IoResult read_result(std::size_t size, std::size_t wanted);
  void wait(Direction& direction, void (Stream::Listener::*told)());
  void tell(Direction& direction, void (Stream::Listener::*told)());

  LoopContextPtr loop_;
  std::unique_ptr<TlsSession> session_;
  Stream::Listener* listener_ = nullptr;
  Direction reading_;
  Direction writing_;
  std::optional<IoResult> end_;  // how reading ended; reading again says so again
  std::error_code write_error_;  // likewise for writing
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // a listener may destroy us
};

}  // namespace websocket::net
