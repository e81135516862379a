// See asio_loop.hpp. What each operation does is in the file of its name.
#include "net/asio_loop.hpp"

#include <utility>

#include "net/loop_context.hpp"
#include "net/random.hpp"
#include "net/read_buffers.hpp"
#include "net/resolver.hpp"
#include "net/tcp_connect.hpp"
#include "net/timer.hpp"
#include "net/tls_contexts.hpp"
#include "net/tls_handshake.hpp"

namespace websocket::net {
struct AsioLoop::Parts {
  Parts(LookUpFunction function, Reached reached) : look_up(std::move(function)) {
    if (reached == Reached::from_any_thread) context->expect_other_threads();
  }
  LoopContextPtr context = std::make_shared<LoopContext>();
  LookUpFunction look_up;
  ReadBuffer read_buffer;
};

AsioLoop::AsioLoop(Reached reached) : parts_(std::make_unique<Parts>(system_look_up, reached)) {}
AsioLoop::AsioLoop(LookUpFunction look_up)
    : parts_(std::make_unique<Parts>(std::move(look_up), Reached::from_any_thread)) {}
AsioLoop::~AsioLoop() { parts_->context->end(); }

void AsioLoop::run() { parts_->context->run_until_stopped(); }
std::size_t AsioLoop::run_one_until(Clock::time_point deadline) {
  return parts_->context->run_one_until(deadline);
}
std::size_t AsioLoop::poll() { return parts_->context->run_ready(); }
void AsioLoop::stop() { parts_->context->stop_running(); }
void AsioLoop::forget_stop() { parts_->context->forget_stop(); }

Clock::time_point AsioLoop::now() const { return Clock::now(); }

std::chrono::system_clock::time_point AsioLoop::date() const {
  return std::chrono::system_clock::now();
}

void AsioLoop::post(std::function<void()> work) { parts_->context->post(std::move(work)); }

int AsioLoop::wait_handle() { return parts_->context->wait_handle(); }

OperationPtr AsioLoop::at(Clock::time_point when, std::function<void()> work) {
  return run_at(parts_->context, when, std::move(work));
}

bool AsioLoop::is_wanted_back() const { return parts_->context->is_wanted_back(); }

std::optional<Address> AsioLoop::numeric_address(const std::string& host,
                                                 std::uint16_t port) const {
  return net::numeric_address(host, port);
}

OperationPtr AsioLoop::resolve(const std::string& host, std::uint16_t port, Resolved done) {
  return resolve_name(parts_->context, parts_->look_up, host, port, std::move(done));
}

OperationPtr AsioLoop::connect(const Address& to, const SocketOptions& options, Connected done) {
  return connect_tcp(parts_->context, to, options, std::move(done));
}

base::Outcome<std::shared_ptr<const TlsContext>> AsioLoop::tls_context(const TlsOptions& options) {
  return TlsContexts::of_this_process().get(options);
}

OperationPtr AsioLoop::start_tls(std::unique_ptr<Stream> lower,
                                 std::shared_ptr<const TlsContext> context, const std::string& host,
                                 base::TraceSink& trace, Connected done) {
  // tls_context() above is where they all come from.
  auto ours = std::static_pointer_cast<const OpenSslContext>(std::move(context));
  return start_tls_handshake(parts_->context, std::move(lower), std::move(ours), host, trace,
                             std::move(done));
}

std::span<char> AsioLoop::read_buffer() {
  if (parts_->read_buffer == nullptr) parts_->read_buffer = spare_read_buffers.take();
  return {parts_->read_buffer.get(), read_buffer_size};
}

void AsioLoop::lend_read_buffer() {
  if (parts_->read_buffer != nullptr) spare_read_buffers.give(std::move(parts_->read_buffer));
}

void AsioLoop::random(std::span<std::byte> into) { fill_with_random(into); }

}  // namespace websocket::net
