// The real Loop, run by one thread at a time. Whoever wants something done runs
// it: run() on a background thread, run_one_until() under a blocking call, poll() inside a foreign
// loop.
#pragma once

#include "net/look_up.hpp"
#include "net/loop.hpp"

namespace websocket::net {

class AsioLoop final : public Loop {
 public:
  // Who posts to it and stops it. One that belongs to a single thread takes a descriptor less.
  enum class Reached { from_any_thread, from_its_own_thread };

  explicit AsioLoop(Reached reached = Reached::from_any_thread);
  explicit AsioLoop(LookUpFunction look_up);  // who answers for names; called on helper threads
  // Destroys the handlers of everything under way uncalled, and waits for nothing. Operations and
  // streams that are left may be destroyed later; nothing else may be done with them.
  ~AsioLoop() override;
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

  // Until stop(), also while there is nothing to do.
  void run();
  // Waits for a handler and runs it, and perhaps others that are ready as well; how many. A stream may
  // have been told to read while there is nothing yet: then that counts as well. Returns 0
  // at the deadline or after stop(). What is ready already is run even when the deadline has passed;
  // time_point::max() waits for ever.
  std::size_t run_one_until(Clock::time_point deadline);
  // Runs what is ready, without waiting; says how much that was. Where more keeps coming it returns
  // after a while.
  std::size_t poll();
  // A descriptor that is readable when poll() has something to do, for a foreign loop to wait on;
  // -1 where the platform has none. From the thread that polls.
  int wait_handle();
  // From any thread that may reach it. Makes the call above that is under way return; where none is,
  // the next one returns at once. Afterwards the loop can be run again.
  void stop();
  // Takes back a stop() that came when nobody was running the loop any more.
  void forget_stop();

  Clock::time_point now() const override;
  std::chrono::system_clock::time_point date() const override;
  void post(std::function<void()> work) override;
  OperationPtr at(Clock::time_point when, std::function<void()> work) override;
  bool is_wanted_back() const override;
  std::optional<Address> numeric_address(const std::string& host,
                                         std::uint16_t port) const override;
  OperationPtr resolve(const std::string& host, std::uint16_t port, Resolved done) override;
  OperationPtr connect(const Address& to, const SocketOptions& options, Connected done) override;
  base::Outcome<std::shared_ptr<const TlsContext>> tls_context(const TlsOptions& options) override;
  OperationPtr start_tls(std::unique_ptr<Stream> lower, std::shared_ptr<const TlsContext> context,
                         const std::string& host, base::TraceSink& trace, Connected done) override;
  std::span<char> read_buffer() override;
  // Nothing is left in it: the next loop that reads may have it.
  void lend_read_buffer();
  void random(std::span<std::byte> into) override;

 private:
  struct Parts;  // keeps Asio and OpenSSL out of this header
  std::unique_ptr<Parts> parts_;
};

}  // namespace websocket::net
