#include "engine/fake_loop.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

namespace engine_test {
namespace {

constexpr int most_steps = 200000;

class FakeStream;
// Which stream is at the client's end of a wire, while there is one.
std::map<const Wire*, FakeStream*>& streams() {
  static std::map<const Wire*, FakeStream*> all;
  return all;
}

class FakeStream final : public net::Stream {
 public:
  FakeStream(FakeLoop& loop, std::shared_ptr<Wire> wire, std::string remote)
      : loop_(loop), wire_(std::move(wire)), remote_(std::move(remote)) {
    streams()[wire_.get()] = this;
  }
  ~FakeStream() override {
    streams().erase(wire_.get());
    wire_->client_has_ended = wire_->stream_is_gone = true;
    tell_server();
  }

  void set_listener(Listener* listener) override { listener_ = listener; }

  net::IoResult read(std::span<char> into) override {
    REQUIRE_FALSE(into.empty());
    ++wire_->reads;
    fail_if_it_is_time();
    if (ended_early_) return {net::IoStatus::end};
    if (wire_->broken) return {.status = net::IoStatus::failed, .error = wire_->broken};
    if (wire_->to_client.empty()) {
      return {wire_->server_has_ended ? net::IoStatus::end : net::IoStatus::would_block};
    }
    const std::size_t size = std::min({into.size(), wire_->most_per_read, wire_->to_client.size()});
    std::copy_n(wire_->to_client.begin(), size, into.begin());
    wire_->to_client.erase(0, size);
    return {.status = net::IoStatus::ok, .size = size, .drained = size < into.size()};
  }

  net::IoResult write(std::span<const char> from) override {
    REQUIRE_FALSE(from.empty());
    fail_if_it_is_time();
    if (wire_->broken || ended_early_ || wire_->client_has_ended) {
      return {
          .status = net::IoStatus::failed,
          .error = wire_->broken ? wire_->broken : std::make_error_code(std::errc::broken_pipe)};
    }
    const std::string_view bytes(from.data(), from.size());
    if (!blocked_.empty()) {  // the next write begins with the same bytes
      CHECK((bytes.substr(0, blocked_.size()) == blocked_));
    }
    const std::size_t size = std::min(from.size(), wire_->room);
    if (size == 0) {
      blocked_ = bytes;
      return {net::IoStatus::would_block};
    }
    blocked_.clear();
    if (wire_->room != std::numeric_limits<std::size_t>::max()) wire_->room -= size;
    wire_->from_client += bytes.substr(0, size);
    tell_server();
    return {.status = net::IoStatus::ok, .size = size};
  }

  void wait_to_read() override {
    wants_to_read_ = true;
    notify_later();
  }
  void wait_to_write() override {
    wants_to_write_ = true;
    notify_later();
  }
  void shut_down_sending() override {
    wire_->client_has_ended = true;
    tell_server();
  }
  std::string local_address() const override { return "10.0.0.99:50000"; }
  std::string remote_address() const override { return remote_; }

  // Something may have become possible.
  void notify_later() {
    loop_.post([wire = wire_] {
      if (const auto found = streams().find(wire.get()); found != streams().end()) {
        found->second->notify();
      }
    });
  }

 private:
  void notify() {
    const bool broken = wire_->broken || ended_early_;
    const std::shared_ptr<Wire> wire = wire_;
    if (wants_to_write_ && (broken || wire_->room > 0)) {
      wants_to_write_ = false;
      if (listener_ != nullptr) listener_->ready_to_write();
      if (streams().find(wire.get()) == streams().end()) return;  // it destroyed the stream
    }
    if (wants_to_read_ && (broken || !wire_->to_client.empty() || wire_->server_has_ended)) {
      wants_to_read_ = false;
      if (listener_ != nullptr) listener_->ready_to_read();
    }
  }
  void tell_server() {
    loop_.post([wire = wire_] {
      if (wire->told) wire->told();
    });
  }
  void fail_if_it_is_time() {
    if (!loop_.operation_fails()) return;
    if (loop_.fails_by_ending) {
      ended_early_ = true;
    } else {
      wire_->broken = std::make_error_code(std::errc::connection_reset);
    }
  }

  FakeLoop& loop_;
  const std::shared_ptr<Wire> wire_;
  const std::string remote_;
  Listener* listener_ = nullptr;
  bool wants_to_read_ = false;
  bool wants_to_write_ = false;
  bool ended_early_ = false;
  std::string blocked_;
};

void wake(const std::shared_ptr<Wire>& wire) {
  if (const auto found = streams().find(wire.get()); found != streams().end()) {
    found->second->notify_later();
  }
}

}  // namespace

class FakeLoop::Handle final : public net::Operation {
 public:
  explicit Handle(std::shared_ptr<Task> task) : task_(std::move(task)) {}
  ~Handle() override {
    // The handler may own what owns this.
    const std::function<void()> dropped = std::exchange(task_->work, nullptr);
  }

 private:
  std::shared_ptr<Task> task_;
};

void FakeLoop::run_task(const std::shared_ptr<Task>& task) {
  const std::function<void()> work = std::exchange(task->work, nullptr);
  if (work) work();
}

bool FakeLoop::run_one() {
  if (!posted_.empty()) {
    const std::function<void()> work = std::move(posted_.front());
    posted_.pop_front();
    work();
    return true;
  }
  if (timers_.empty() || timers_.begin()->first > now_) return false;
  const std::shared_ptr<Task> task = timers_.begin()->second;
  timers_.erase(timers_.begin());
  run_task(task);
  return true;
}

void FakeLoop::run() {
  for (int step = 0; run_one(); ++step) {
    if (step == most_steps) FAIL("the loop does not come to rest");
  }
}

void FakeLoop::advance(Duration duration) {
  const TimePoint end = now_ + duration;
  run();
  while (!timers_.empty() && timers_.begin()->first <= end) {
    now_ = std::max(now_, timers_.begin()->first);
    run();
  }
  now_ = end;
  run();
}

bool FakeLoop::run_until(const std::function<bool()>& holds) {
  for (int step = 0; step < most_steps; ++step) {
    if (holds()) return true;
    if (run_one()) continue;
    if (timers_.empty()) return false;
    now_ = std::max(now_, timers_.begin()->first);
  }
  return false;
}

std::size_t FakeLoop::timers() const {
  return static_cast<std::size_t>(
      std::count_if(timers_.begin(), timers_.end(),
                    [](const auto& timer) { return timer.second->work != nullptr; }));
}

net::OperationPtr FakeLoop::at(TimePoint when, std::function<void()> work) {
  auto task = std::make_shared<Task>(Task{std::move(work)});
  timers_.emplace(when, task);
  return std::make_unique<Handle>(std::move(task));
}

net::OperationPtr FakeLoop::later(std::function<void()> work) {
  auto task = std::make_shared<Task>(Task{std::move(work)});
  post([task] { run_task(task); });
  return std::make_unique<Handle>(std::move(task));
}

net::OperationPtr FakeLoop::answer(const Answer& how,
                                   std::function<void(std::optional<base::Failure>)> done) {
  std::optional<base::Failure> failure = how.failure;
  if (operation_fails()) failure = base::Failure{Errc::connect_failed, "made to fail", {}};
  if (how.hangs && !failure) {
    return std::make_unique<Handle>(std::make_shared<Task>(Task{[done = std::move(done)] {}}));
  }
  return later([failure = std::move(failure), done = std::move(done)] { done(failure); });
}

// One will do; the other tests' addresses are looked up, as names are.
std::optional<net::Address> FakeLoop::numeric_address(const std::string& host,
                                                      std::uint16_t port) const {
  if (host != "10.0.0.1") return std::nullopt;
  return net::Address{{}, host + ":" + std::to_string(port)};
}

net::OperationPtr FakeLoop::resolve(const std::string& host, std::uint16_t port, Resolved done) {
  steps.push_back("resolve " + host + ":" + std::to_string(port));
  std::vector<net::Address> found;
  for (const std::string& text : names[host]) found.push_back({{}, text});
  Answer how = look_up;
  if (found.empty() && !how.failure) {
    how.failure = base::Failure{Errc::host_not_found, "no address is known for '" + host + "'", {}};
  }
  return answer(how, [found, done = std::move(done)](std::optional<base::Failure> failure) {
    if (failure) return done(std::move(*failure));
    done(found);
  });
}

net::OperationPtr FakeLoop::connect(const net::Address& to, const SocketOptions&, Connected done) {
  steps.push_back("connect " + to.text);
  return answer(addresses[to.text], [this, text = to.text,
                                     done = std::move(done)](std::optional<base::Failure> failure) {
    if (failure) return done(std::move(*failure));
    auto wire = std::make_shared<Wire>();
    wires.push_back(wire);
    auto stream = std::make_unique<FakeStream>(*this, wire, text);
    if (accepted) accepted(wire);
    done(std::unique_ptr<net::Stream>(std::move(stream)));
  });
}

base::Outcome<std::shared_ptr<const net::TlsContext>> FakeLoop::tls_context(const TlsOptions&) {
  steps.emplace_back("tls_context");
  if (tls_context_failure) return *tls_context_failure;
  return std::make_shared<const net::TlsContext>();
}

net::OperationPtr FakeLoop::start_tls(std::unique_ptr<net::Stream> lower,
                                      std::shared_ptr<const net::TlsContext> context,
                                      const std::string& host, base::TraceSink&, Connected done) {
  CHECK(context != nullptr);
  steps.push_back("tls " + host);
  const auto held = std::make_shared<std::unique_ptr<net::Stream>>(std::move(lower));
  return answer(tls, [held, done = std::move(done)](std::optional<base::Failure> failure) {
    if (failure) return done(std::move(*failure));
    done(std::move(*held));
  });
}

void FakeLoop::random(std::span<std::byte> into) {
  for (std::byte& byte : into) byte = static_cast<std::byte>(random_++ * 37U >> 3U);
}

void write_to_client(const std::shared_ptr<Wire>& wire, std::string_view bytes) {
  wire->to_client += bytes;
  wake(wire);
}
void end_towards_client(const std::shared_ptr<Wire>& wire) {
  wire->server_has_ended = true;
  wake(wire);
}
void break_wire(const std::shared_ptr<Wire>& wire, std::errc error) {
  wire->broken = std::make_error_code(error);
  wake(wire);
}
void give_room(const std::shared_ptr<Wire>& wire, std::size_t room) {
  wire->room = room;
  wake(wire);
}

}  // namespace engine_test
