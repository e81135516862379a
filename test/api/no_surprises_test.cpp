// What the library leaves alone in the process that uses it: signals, standard output, threads,
// file descriptors. Looks into /proc where there is one.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "api/probe.hpp"
#include "echo_server.hpp"
#include "support/descriptor.hpp"
#include "support/tally.hpp"
#include "support/temp_dir.hpp"

using api_test::comes_true;
using api_test::Probe;
using api_test::quick;
using samples::EchoServer;
using support::RawConnection;
using support::RawServer;
using websocket::WebSocketApp;

namespace {

std::size_t entries_in(const char* directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), {}));
}
std::size_t thread_count() { return entries_in("/proc/self/task"); }
// This one, and one where a sanitizer has its own since the first thread was made.
const std::size_t quiet_thread_count = [] {
  if (!std::filesystem::exists("/proc/self/task")) return std::size_t{0};
  std::thread([] {}).join();
  std::size_t least = thread_count();
  for (int i = 0; i < 1000; ++i) least = std::min(least, thread_count());
  return least;
}();
std::size_t descriptor_count() { return entries_in("/proc/self/fd"); }

bool has_proc() {
  if (std::filesystem::exists("/proc/self/task") && std::filesystem::exists("/proc/self/fd")) {
    return true;
  }
  support::skip("there is no /proc");
  return false;
}

// What both faces do from beginning to end, in good times and in bad ones.
void use_everything(const std::string& url) {
  {
    auto socket = websocket::create_connection(url, quick());
    socket.send("x");
    CHECK(socket.recv() == "x");
    socket.close();
  }
  WebSocketApp app(url, quick());
  app.on_open = [](WebSocketApp& self) { self.send("x"); };
  app.on_message = [](WebSocketApp& self, std::string_view) { self.close(); };
  CHECK_FALSE(app.run_forever());
  app.start();
  app.wait();
  const api_test::RefusingPort port;
  WebSocketApp refused(port.url(), quick());
  CHECK(refused.run_forever());
  WebSocketApp secure("wss" + url.substr(2), quick());
  CHECK(secure.run_forever());
  WebSocketApp unknown("ws://no-such-host.invalid/", quick());
  CHECK(unknown.run_forever());
}

using Actions = std::array<struct sigaction, NSIG>;
Actions signal_actions() {
  Actions actions{};
  for (int number = 1; number < NSIG; ++number) {
    ::sigaction(number, nullptr, &actions[static_cast<std::size_t>(number)]);
  }
  return actions;
}

// SIGPIPE waits instead of ending the process, so that it can be seen. Held by the calling thread.
class SigpipeWatch {
 public:
  SigpipeWatch() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~SigpipeWatch() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SigpipeWatch(const SigpipeWatch&) = delete;
  SigpipeWatch& operator=(const SigpipeWatch&) = delete;

  static bool raised() {
    sigset_t pending;
    ::sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

// What is written to a file descriptor while this lives.
class Captured {
 public:
  explicit Captured(int descriptor)
      : descriptor_(descriptor),
        former_(::dup(descriptor)),
        path_(directory_.write("captured", "")) {
    std::fflush(nullptr);  // what others printed before
    const support::Descriptor file(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
    ::dup2(file.get(), descriptor_);
  }
  ~Captured() { give_back(); }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  std::string give_back() {
    std::fflush(nullptr);
    if (former_) ::dup2(former_.get(), descriptor_);
    former_.close();
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  int descriptor_;
  support::Descriptor former_;
  support::TempDir directory_;
  std::string path_;
};

}  // namespace

TEST_SUITE("no surprises for the host process") {
  TEST_CASE("no signal handler is installed and no signal's action changed") {
    EchoServer server;
    const Actions before = signal_actions();
    use_everything(server.url());
    const Actions after = signal_actions();
    for (std::size_t number = 1; number < before.size(); ++number) {
      CAPTURE(number);
      CHECK((before[number].sa_handler == after[number].sa_handler));
      CHECK(before[number].sa_flags == after[number].sa_flags);
    }
  }

  TEST_CASE("a peer that is gone raises no SIGPIPE") {
    const SigpipeWatch watch;
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.read_frame();
      connection.reset();
    });
    SUBCASE("on the synchronous face") {
      auto socket = websocket::create_connection(server.url(), quick());
      // Until the reset has come.
      CHECK(comes_true([&] {
        try {
          socket.send_bytes(std::string(100000, 'x'));
          return false;
        } catch (const websocket::WebSocketConnectionClosedException&) {
          return true;
        }
      }));
      CHECK_THROWS_AS(socket.send("x"), websocket::WebSocketConnectionClosedException);
      socket.close();
    }
    SUBCASE("in run_forever") {
      WebSocketApp app(server.url(), quick());
      app.on_open = [](WebSocketApp& self) { self.send_bytes(std::string(12U << 20U, 'x')); };
      CHECK(app.run_forever());
    }
    CHECK_FALSE(SigpipeWatch::raised());
  }

  TEST_CASE("signals of the program are not delivered to the background thread") {
    EchoServer server;
    WebSocketApp app(server.url(), quick());
    support::Mailbox<bool> blocked;
    app.on_open = [&](WebSocketApp& self) {
      sigset_t mask;
      ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      blocked.push(sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGTERM) == 1);
      self.close();
    };
    app.start();
    CHECK(blocked.pop() == true);
    app.wait();
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    CHECK(sigismember(&mask, SIGINT) == 0);
  }

  TEST_CASE("nothing is printed while the trace is off") {
    EchoServer server;
    Captured out(STDOUT_FILENO);
    Captured errors(STDERR_FILENO);
    use_everything(server.url());
    {
      const Probe probe;
      WebSocketApp app(server.url(), quick());
      app.on_open = [](WebSocketApp& self) {
        self.close();
        throw 42;
      };
      app.on_error = [](WebSocketApp&, const websocket::Error&) { throw 43; };
      app.run_forever();
    }
    CHECK(errors.give_back().empty());
    CHECK(out.give_back().empty());
  }

  TEST_CASE("the trace without a sink goes to standard error") {
    EchoServer server;
    Captured out(STDOUT_FILENO);
    Captured errors(STDERR_FILENO);
    websocket::enable_trace(true);
    websocket::create_connection(server.url()).close();
    websocket::enable_trace(false);
    const std::string printed = errors.give_back();
    CHECK(out.give_back().empty());
    CHECK(printed.find("--- request header ---\n") != std::string::npos);
    CHECK(printed.find("Websocket connected\n") != std::string::npos);
  }

  TEST_CASE("no thread is left behind after wait() and destruction") {
    if (!has_proc()) return;
    EchoServer server;
    use_everything(server.url());  // what the system's resolver keeps is there from now on
    const std::size_t before = quiet_thread_count + 1;  // the echo server's
    REQUIRE(comes_true([&] { return thread_count() <= before; }));
    SUBCASE("waited for and destroyed") {
      for (int i = 0; i < 10; ++i) use_everything(server.url());
    }
    SUBCASE("destroyed in a handler") {
      for (int i = 0; i < 10; ++i) {
        support::Event destroyed;
        auto app = std::make_unique<WebSocketApp>(server.url(), quick());
        app->on_open = [&](WebSocketApp&) {
          app.reset();
          destroyed.set();
        };
        app->start();
        REQUIRE(destroyed.wait());
      }
    }
    SUBCASE("with a shared loop") {
      websocket::EventLoop loop;
      loop.start();
      WebSocketApp app(loop, server.url(), quick());
      app.on_open = [](WebSocketApp& self) { self.close(); };
      app.run_forever();
    }
    CHECK(comes_true([&] { return thread_count() <= before; }));
  }

  TEST_CASE("the synchronous face and run_forever have no thread of their own") {
    if (!has_proc()) return;
    EchoServer server;
    // A resolver's thread of the test before may be on its way out.
    REQUIRE(comes_true([] { return thread_count() <= quiet_thread_count + 1; }));
    const std::size_t before = thread_count();
    {
      auto socket = websocket::create_connection(server.url());
      socket.send("x");
      CHECK(socket.recv() == "x");
      CHECK(thread_count() == before);
    }
    WebSocketApp app(server.url(), quick());
    app.on_open = [&](WebSocketApp& self) {
      CHECK(thread_count() == before);
      self.close();
    };
    CHECK_FALSE(app.run_forever());
    CHECK(thread_count() == before);
  }

  TEST_CASE("file descriptors stay flat over 200 connections") {
    if (!has_proc()) return;
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_text("x");
      connection.read_frame();
      connection.write_close(1000);
    });
    const std::string url = server.url();
    websocket::create_connection(url, quick());
    // The server closes its end when it likes: only as many as it still holds may be there.
    REQUIRE(comes_true([last = descriptor_count()]() mutable {
      return std::exchange(last, descriptor_count()) == last;
    }));
    const std::size_t before = descriptor_count();
    const api_test::RefusingPort refusing;
    for (int i = 0; i < 50; ++i) {
      { CHECK(websocket::create_connection(url, quick()).recv() == "x"); }
      WebSocketApp app(url, quick());
      app.on_message = [](WebSocketApp& self, std::string_view) { self.close(); };
      app.run_forever();
      app.start();
      app.wait();
      CHECK_THROWS_AS(static_cast<void>(websocket::create_connection(refusing.url())),
                      websocket::WebSocketAddressException);
    }
    CHECK(comes_true([&] { return descriptor_count() <= before + 1; }));
  }

  TEST_CASE("a synchronous connection takes one descriptor, its socket's") {
    if (!has_proc()) return;
    websocket::WebSocket socket(quick());
    support::Event shut;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_text("x");
      static_cast<void>(shut.wait());
    });
    std::string url = server.url();
    SUBCASE("to an address") {}
    SUBCASE("to a name") { url.replace(url.find("127.0.0.1"), 9, "localhost"); }
    const std::size_t before = descriptor_count();
    socket.connect(url);
    CHECK(socket.recv() == "x");
    CHECK_FALSE(socket.try_recv(std::chrono::milliseconds(1)));
    CHECK(descriptor_count() == before + 2);  // and the server's
    shut.set();
  }

  TEST_CASE("descriptors do not leak into child processes") {
    if (!has_proc()) return;
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.wait_for_end();
    });
    auto socket = websocket::create_connection(server.url(), quick());
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.start();
    REQUIRE(probe.opened.wait());
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      const int descriptor = std::stoi(entry.path().filename().string());
      std::error_code ignored;
      const auto target = std::filesystem::read_symlink(entry.path(), ignored).string();
      CAPTURE(target);
      const bool is_ours = target.starts_with("socket:") || target.starts_with("anon_inode:");
      if (descriptor <= 2 || !is_ours) continue;
      CHECK((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
    }
  }
}
