// What fork() and exit() do to connections that are open: nothing to the parent's, and no crash.
// Against Python's websockets, over ws and wss.
#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "interop/peers.hpp"
#include "support/process.hpp"

namespace {

class Server {
 public:
  explicit Server(bool tls)
      : tls_(tls),
        peer_(interop::Kind::python_websockets,
              {.tls = tls ? &support::certificates().valid() : nullptr}) {}

  interop::Peer& peer() { return peer_; }
  support::Command scenario(const std::string& name) const {
    support::Command command{{WEBSOCKETAPP_SCENARIOS, name, peer_.url("/echo")}};
    // Their threads are not joined, which is what they are about.
    const char* const given = std::getenv("TSAN_OPTIONS");
    command.environment.emplace_back(
        "TSAN_OPTIONS", std::string(given == nullptr ? "" : given) + ":report_thread_leaks=0");
    if (tls_) command.arguments.push_back(support::certificates().authority());
    return command;
  }

 private:
  bool tls_;
  interop::Peer peer_;
};

// All that it says until it ends, and how it ended.
struct Outcome {
  std::vector<std::string> said;
  std::optional<int> status;
};

Outcome run(const support::Command& command) {
  support::Process process(command);
  Outcome outcome;
  while (auto line = process.read_line()) outcome.said.push_back(*line);
  outcome.status = process.wait();
  return outcome;
}

void check_exit(const std::string& scenario,
                const std::vector<std::string>& said = {"main returns"}) {
  for (const bool tls : {false, true}) {
    CAPTURE(tls);
    Server server(tls);
    if (interop::skip_without(server.peer())) return;
    for (int i = 0; i < 5; ++i) {  // where it is caught is a matter of chance
      const Outcome outcome = run(server.scenario(scenario));
      CHECK(outcome.status.value_or(-1) == 0);
      CHECK(outcome.said == said);
    }
  }
}

void check_fork(const std::string& scenario, const std::vector<std::string>& said) {
  for (const bool tls : {false, true}) {
    CAPTURE(tls);
    Server server(tls);
    if (interop::skip_without(server.peer())) return;
    const Outcome outcome = run(server.scenario(scenario));
    CHECK(outcome.status.value_or(-1) == 0);
    CHECK(outcome.said == said);
  }
}

}  // namespace

TEST_SUITE("a child after fork() leaves the parent's connections alone") {
  TEST_CASE("an app with a thread of its own") {
    check_fork("fork_with_an_app", {"before", "child 0", "after", "closed 1000", "main returns"});
  }
  TEST_CASE("an app on an EventLoop") {
    check_fork("fork_with_an_event_loop",
               {"before", "child 0", "after", "closed 1000", "main returns"});
  }
  TEST_CASE("a synchronous connection") {
    check_fork("fork_with_a_client", {"before", "child 0", "after", "closed 1000", "main returns"});
  }
  TEST_CASE("and is not kept by a lock that a thread of the parent holds") {
    check_fork("fork_while_tracing", {"main returns"});
  }
  TEST_CASE("all of them, when the child exits and its static objects are destroyed") {
    check_fork("fork_and_exit", {"child 0", "child 0", "after", "after on the loop",
                                 "after on the client", "main returns"});
  }
}

TEST_SUITE("a process exits while connections are open") {
  TEST_CASE("with a global app") { check_exit("exit_with_a_global_app"); }
  TEST_CASE("with an app that nobody destroys") { check_exit("exit_with_an_app_nobody_destroys"); }
  TEST_CASE("with a global EventLoop and its apps") { check_exit("exit_with_a_global_loop"); }
  TEST_CASE("with an app that outlives its EventLoop") {
    check_exit("exit_with_an_app_that_outlives_its_loop");
  }
  TEST_CASE("with an EventLoop that nobody destroys") {
    check_exit("exit_with_a_loop_nobody_destroys");
  }
  TEST_CASE("by exit() in a handler on the background thread") {
    check_exit("exit_in_a_handler", {});
  }
  TEST_CASE("by exit() in a handler of run_forever") {
    check_exit("exit_in_a_handler_of_run_forever", {});
  }
  TEST_CASE("by exit() on another thread") { check_exit("exit_on_another_thread", {}); }
  TEST_CASE("with many apps in whatever state they are") { check_exit("exit_with_many_kinds"); }
  TEST_CASE("while a handler does not return") { check_exit("exit_while_a_handler_runs"); }
  TEST_CASE("while a global app's handler does not return") {
    check_exit("exit_with_a_global_app_whose_handler_hangs");
  }
  TEST_CASE("while a handler on a global EventLoop does not return") {
    check_exit("exit_with_a_loop_whose_handler_hangs");
  }
  TEST_CASE("by exit() in a handler on a global EventLoop's thread") {
    check_exit("exit_in_a_handler_of_a_global_loop", {});
  }
  TEST_CASE("with synchronous connections") { check_exit("exit_with_a_client"); }
}
