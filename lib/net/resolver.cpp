// See resolver.hpp. But for TlsContexts' the mutexes here are the only ones below `api`: Mailbox's stands
// between one loop and one helper thread, HelperThreads' between all of them.
#include "net/resolver.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "net/fork.hpp"
#include "net/helper_thread.hpp"

namespace websocket::net {
namespace {

using Result = base::Outcome<std::vector<Address>>;

class Receiver {
 public:
  virtual void receive(Result result) = 0;

 protected:
  ~Receiver() = default;
};

// All that a loop and a helper thread share.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  Mailbox(LookUpFunction look_up, std::string host, std::uint16_t port, LoopContext& loop,
          Receiver& receiver)
      : look_up_(std::move(look_up)),
        host_(std::move(host)),
        port_(port),
        loop_(&loop),
        receiver_(&receiver) {}

  // For the loop's thread: afterwards neither the loop nor the receiver is touched any more.
  void abandon() {
    receiver_ = nullptr;
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }

  // For a helper thread. Where there is no memory it tries until there is, or nobody waits any more.
  void look_up() {
    while (!is_abandoned()) {
      try {
        return deliver(ask());
      } catch (const std::bad_alloc&) {
        constexpr std::chrono::milliseconds between_tries{10};
        std::this_thread::sleep_for(between_tries);
      }
    }
  }

  // From either.
  void deliver(Result result) {
    // The lock is held while posting: so long as the loop is waiting for us, it exists.
    const std::lock_guard lock(mutex_);
    if (loop_ == nullptr) return;
    result_ = std::move(result);
    loop_->post([self = shared_from_this()] { self->hand_over(); });
  }

 private:
  bool is_abandoned() {
    const std::lock_guard lock(mutex_);
    return loop_ == nullptr;
  }

  Result ask() const {
    try {
      return look_up_(host_, port_);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      return base::Failure{Errc::resolve_failed,
                           "'" + host_ + "' could not be looked up: " + error.what()};
    }
  }

  // On the loop's thread. Posting ordered it behind the helper thread's last touch of result_.
  void hand_over() {
    if (receiver_ != nullptr) std::exchange(receiver_, nullptr)->receive(std::move(result_));
  }

  const LookUpFunction look_up_;
  const std::string host_;
  const std::uint16_t port_;
  std::mutex mutex_;
  LoopContext* loop_;   // null: nobody waits any more
  Result result_;       // written once, before hand_over is posted
  Receiver* receiver_;  // for the loop's thread alone
};

// Shares a bounded number of threads out among the look-ups of all loops. A thread lives only as
// long as there is a name to look up.
class HelperThreads {
 public:
  // Never destroyed: a thread that hangs in a look-up may come back after main() has returned.
  static HelperThreads& all() { return one_per_process<HelperThreads>(); }

  void add(const std::shared_ptr<Mailbox>& mailbox) {
    // What takes memory comes first: nobody gives the place back where this throws.
    std::function<void()> work_of_thread = [this, mailbox] { work(mailbox); };
    if (!take_place(mailbox)) return;
    const std::error_code error = start_helper_thread(std::move(work_of_thread));
    if (!error) return;
    give_place_back();
    mailbox->deliver(
        base::Failure{Errc::resolve_failed,
                      "no thread could be started to look the name up: " + error.message(), error});
  }

  // Where it still waits for a thread, it does so no longer.
  void remove(const std::shared_ptr<Mailbox>& mailbox) {
    const std::lock_guard lock(mutex_);
    waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), mailbox), waiting_.end());
  }

 private:
  bool take_place(const std::shared_ptr<Mailbox>& mailbox) {
    const std::lock_guard lock(mutex_);
    if (running_ < max_running_look_ups) {
      ++running_;
      return true;
    }
    waiting_.push_back(mailbox);
    return false;
  }

  void give_place_back() {
    const std::lock_guard lock(mutex_);
    --running_;
  }

  void work(std::shared_ptr<Mailbox> mailbox) {
    for (; mailbox != nullptr; mailbox = next()) mailbox->look_up();
  }

  std::shared_ptr<Mailbox> next() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      --running_;
      return nullptr;
    }
    std::shared_ptr<Mailbox> mailbox = std::move(waiting_.front());
    waiting_.pop_front();
    return mailbox;
  }

  std::mutex mutex_;
  std::size_t running_ = 0;
  std::deque<std::shared_ptr<Mailbox>> waiting_;
};

class Resolving final : public Operation, private Receiver {
 public:
  Resolving(const LoopContextPtr& loop, const LookUpFunction& look_up, const std::string& host,
            std::uint16_t port, Loop::Resolved done)
      : loop_(loop),
        done_(std::move(done)),
        mailbox_(
            std::make_shared<Mailbox>(look_up, host, port, *loop, static_cast<Receiver&>(*this))) {
    loop_->expect_other_threads();
  }
  ~Resolving() override {
    mailbox_->abandon();  // nobody posts to the loop any more
    loop_->expect_them_no_more();
    HelperThreads::all().remove(mailbox_);
  }

  void start() { HelperThreads::all().add(mailbox_); }

 private:
  void receive(Result result) override {
    const auto done = std::move(done_);  // on the stack, for it may destroy this
    done(std::move(result));
  }

  LoopContextPtr loop_;
  Loop::Resolved done_;
  std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace

OperationPtr resolve_name(const LoopContextPtr& loop, const LookUpFunction& look_up,
                          const std::string& host, std::uint16_t port, Loop::Resolved done) {
  auto resolving = std::make_unique<Resolving>(loop, look_up, host, port, std::move(done));
  resolving->start();
  return resolving;
}

}  // namespace websocket::net
