#include "engine/connector.hpp"

#include <utility>

namespace websocket::engine {

void Connector::start(Done done) {
  done_ = std::move(done);
  if (auto failure = prepare_tls()) {
    // Told later, as every other failure is.
    operation_ = loop_.at(loop_.now(), [this, failure = *std::move(failure)] { fail(failure); });
    return;
  }
  resolve();
}

// First, so that an unreadable certificate file is told before anybody is spoken to.
std::optional<base::Failure> Connector::prepare_tls() {
  if (!url_.secure) return std::nullopt;
  stage_ = Stage::tls;
  auto context = loop_.tls_context(options_.tls);
  if (auto* failure = std::get_if<base::Failure>(&context)) return std::move(*failure);
  tls_ = std::get<0>(std::move(context));
  return std::nullopt;
}

void Connector::resolve() {
  stage_ = Stage::resolve;
  if (auto address = loop_.numeric_address(url_.host, url_.port)) {
    addresses_.push_back(*std::move(address));
    return resolved();
  }
  operation_ = loop_.resolve(url_.host, url_.port, [this](auto result) {
    if (auto* failure = std::get_if<base::Failure>(&result)) return fail(std::move(*failure));
    addresses_ = std::get<0>(std::move(result));
    resolved();
  });
}

void Connector::resolved() {
  if (trace_.enabled()) {
    std::string line = "Resolved " + url_.host + ":";
    for (const net::Address& address : addresses_) line += ' ' + address.text;
    trace_.line(line);
  }
  connect_to_next();
}

// One after the other, until one lets us in.
void Connector::connect_to_next() {
  stage_ = Stage::connect;
  const net::Address& address = addresses_[next_address_++];
  if (trace_.enabled()) trace_.line("Connecting to " + address.text);
  operation_ = loop_.connect(address, options_.socket, [this](auto result) {
    auto* failure = std::get_if<base::Failure>(&result);
    if (failure == nullptr) return connected(std::get<0>(std::move(result)));
    if (trace_.enabled()) trace_.line("Failed: " + failure->message);
    if (next_address_ == addresses_.size()) return fail(std::move(*failure));
    connect_to_next();
  });
}

void Connector::connected(std::unique_ptr<net::Stream> stream) {
  if (trace_.enabled()) {
    trace_.line("Connected to " + stream->remote_address() + " from " + stream->local_address());
  }
  if (url_.secure) return start_tls(std::move(stream));
  const Done done = std::move(done_);
  done(std::move(stream));
}

void Connector::start_tls(std::unique_ptr<net::Stream> stream) {
  stage_ = Stage::tls;
  operation_ = loop_.start_tls(std::move(stream), tls_, url_.host, trace_, [this](auto result) {
    if (auto* failure = std::get_if<base::Failure>(&result)) return fail(std::move(*failure));
    const Done done = std::move(done_);
    done(std::get<0>(std::move(result)));
  });
}

void Connector::fail(base::Failure failure) {
  const Done done = std::move(done_);
  done(Failed{stage_, std::move(failure)});
}

}  // namespace websocket::engine
