// The way from a URL to a stream, step by step: TLS settings, name, address, TLS. A proxy will be
// one more step between address and TLS.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>
#include <websocket/options.hpp>

#include "base/failure.hpp"
#include "net/loop.hpp"
#include "protocol/url.hpp"

namespace websocket::engine {

class Connector {
 public:
  struct Failed {
    Stage stage;
    base::Failure failure;
  };
  using Result = std::variant<std::unique_ptr<net::Stream>, Failed>;
  using Done = std::function<void(Result)>;

  // All of them outlive this. Destroying it abandons what is under way.
  Connector(net::Loop& loop, const protocol::Url& url, const ConnectOptions& options,
            base::TraceSink& trace)
      : loop_(loop), url_(url), options_(options), trace_(trace) {}

  // `done` is not called before this returns, and may destroy the connector.
  void start(Done done);

  // Which step it is at.
  Stage stage() const noexcept { return stage_; }

 private:
  std::optional<base::Failure> prepare_tls();
  void resolve();
  void resolved();
  void connect_to_next();
  void connected(std::unique_ptr<net::Stream> stream);
  void start_tls(std::unique_ptr<net::Stream> stream);
  void fail(base::Failure failure);

  net::Loop& loop_;
  const protocol::Url& url_;
  const ConnectOptions& options_;
  base::TraceSink& trace_;
  Done done_;
  Stage stage_ = Stage::resolve;
  std::shared_ptr<const net::TlsContext> tls_;
  std::vector<net::Address> addresses_;
  std::size_t next_address_ = 0;
  net::OperationPtr operation_;  // the step under way
};

}  // namespace websocket::engine
