// Any member function, from any thread, in any state of a WebSocketApp: bounded, and no end untold.
#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::Probe;
using api_test::quick;
using api_test::RefusingPort;
using api_test::Watchdog;
using support::RawConnection;
using support::RawServer;
using websocket::Condition;
using websocket::Message;
using websocket::SendResult;
using websocket::State;
using websocket::WebSocketApp;

namespace {

// An app brought into one state, with the peer that keeps it there. The peers outlive the app.
struct Scene {
  support::Event reached;   // by the server's script or by a handler
  support::Event finished;  // a script that reads nothing ends
  std::unique_ptr<RefusingPort> port;
  std::unique_ptr<RawServer> server;
  Probe probe;
  std::unique_ptr<WebSocketApp> app;

  ~Scene() {
    app.reset();
    stop_server();
  }
  void stop_server() {
    finished.set();
    server.reset();
  }
  void serve(RawServer::Script script) { server = std::make_unique<RawServer>(std::move(script)); }
  void make_app(const std::string& url) {
    app = std::make_unique<WebSocketApp>(url, quick());
    probe.attach(*app);
  }
  void reach(bool in_time) { REQUIRE(in_time); }
};

using Build = void (*)(Scene&);
struct Situation {
  const char* name;
  Build build;
};

void idle(Scene& scene) { scene.make_app("ws://127.0.0.1:9/"); }

void tcp_unanswered(Scene& scene) {
  scene.port = std::make_unique<RefusingPort>();
  scene.port->stay_silent();
  scene.make_app(scene.port->url());
  scene.app->start();
}

void silent_server(Scene& scene, const char* scheme) {
  scene.serve([&scene](RawConnection& connection) {
    connection.read_some();  // the request, or TLS's client hello
    scene.reached.set();
    connection.wait_for_end();
  });
  scene.make_app(scheme + ("://127.0.0.1:" + std::to_string(scene.server->port())));
  scene.app->start();
  scene.reach(scene.reached.wait());
}
void tls_unanswered(Scene& scene) { silent_server(scene, "wss"); }
void handshake_unanswered(Scene& scene) { silent_server(scene, "ws"); }

void handshake_half_answered(Scene& scene) {
  scene.serve([&scene](RawConnection& connection) {
    connection.read_until("\r\n\r\n");
    connection.write("HTTP/1.1 101 Switching Proto");
    scene.reached.set();
    connection.wait_for_end();
  });
  scene.make_app(scene.server->url());
  scene.app->start();
  scene.reach(scene.reached.wait());
}

// Writes that behind the handshake, and answers nothing.
void serve_and_open(Scene& scene, std::string bytes) {
  scene.serve([bytes = std::move(bytes)](RawConnection& connection) {
    connection.accept_handshake();
    connection.write(bytes);
    connection.wait_for_end();
  });
  scene.make_app(scene.server->url());
}

void open(Scene& scene) {
  serve_and_open(scene, support::server_frame(true, 1, "fence"));
  scene.app->start();
  scene.reach(scene.probe.messages.pop().has_value());
}

void half_a_frame(Scene& scene) {
  serve_and_open(scene, support::server_frame(true, 1, "fence") + "\x81\x05he");
  scene.app->start();
  scene.reach(scene.probe.messages.pop().has_value());
}

void half_a_message(Scene& scene) {
  serve_and_open(scene, support::server_frame(true, 1, "fence") +
                            support::server_frame(false, 1, "the beginning"));
  scene.app->start();
  scene.reach(scene.probe.messages.pop().has_value());
}

void write_blocked(Scene& scene) {
  scene.serve([&scene](RawConnection& connection) {
    connection.accept_handshake();
    // Never reads; a client that has gone before it notices is all the same to it.
    static_cast<void>(scene.finished.wait());
  });
  scene.make_app(scene.server->url());
  scene.app->on_open = [&scene](WebSocketApp& self) {
    CHECK(self.send_bytes(std::string(12U << 20U, 'x')) == SendResult::queued);
    scene.probe.opened.set();
  };
  scene.app->start();
  scene.reach(scene.probe.opened.wait());
}

void closing(Scene& scene) {
  serve_and_open(scene, "");
  scene.app->on_open = [&scene](WebSocketApp& self) {
    self.close(4000);
    scene.reached.set();
  };
  scene.app->start();
  scene.reach(scene.reached.wait());
}

void closed_by_a_server_that_stays(Scene& scene) {
  serve_and_open(
      scene, support::server_frame(true, 1, "fence") + support::server_frame(true, 8, "\x03\xe8"));
  scene.app->start();
  scene.reach(scene.probe.messages.pop().has_value());
}

void waiting(Scene& scene) {
  scene.port = std::make_unique<RefusingPort>();
  scene.make_app(scene.port->url());
  scene.app->start({.reconnect = websocket::ReconnectPolicy{.initial_delay = std::chrono::hours(1),
                                                            .max_delay = std::chrono::hours(1),
                                                            .jitter = false}});
  scene.reach(scene.probe.errors.pop().has_value());
}

void closed(Scene& scene) {
  scene.port = std::make_unique<RefusingPort>();
  scene.make_app(scene.port->url());
  scene.app->start();
  scene.reach(scene.probe.ended.wait());
}

constexpr Situation situations[] = {
    {"idle", idle},
    {"TCP unanswered", tcp_unanswered},
    {"TLS unanswered", tls_unanswered},
    {"handshake unanswered", handshake_unanswered},
    {"handshake half answered", handshake_half_answered},
    {"open", open},
    {"half a frame received", half_a_frame},
    {"half a message received", half_a_message},
    {"write blocked", write_blocked},
    {"closing", closing},
    {"closed by a server that stays", closed_by_a_server_that_stays},
    {"waiting to reconnect", waiting},
    {"closed", closed}};

void on_another_thread(const std::function<void()>& work) { std::thread(work).join(); }
void here(const std::function<void()>& work) { work(); }
using From = void (*)(const std::function<void()>&);
constexpr std::pair<const char*, From> threads[] = {{"main", here}, {"another", on_another_thread}};

// Every situation from both threads.
void in_every_situation(const char* what,
                        const std::function<void(Scene&, From, bool is_idle)>& act) {
  for (const Situation& situation : situations) {
    for (const auto& row : threads) {
      const char* const thread = row.first;
      CAPTURE(situation.name);
      CAPTURE(thread);
      const Watchdog watchdog(std::string(what) + ", " + situation.name + ", from " + thread);
      Scene scene;
      situation.build(scene);
      act(scene, row.second, situation.build == idle);
    }
  }
}

}  // namespace

TEST_SUITE("WebSocketApp: any thread, any state") {
  TEST_CASE("close() ends the run with one last on_close") {
    in_every_situation("close", [](Scene& scene, From from, bool is_idle) {
      from([&] { scene.app->close(); });
      CHECK(scene.app->wait_for(support::default_deadline));
      CHECK(scene.app->state() == (is_idle ? State::idle : State::closed));
      CHECK(scene.probe.count("close") == (is_idle ? 0 : 1));
      CHECK(scene.probe.count("close 1006 again") == 0);
      from([&] { scene.app->close(); });
      CHECK(scene.app->wait_for(support::default_deadline));
      CHECK(scene.probe.count("close") == (is_idle ? 0 : 1));
    });
  }

  TEST_CASE("destroying returns, and no handler runs afterwards") {
    in_every_situation("destroying", [](Scene& scene, From from, bool) {
      from([&] { scene.app.reset(); });
      const std::size_t told = scene.probe.events().size();
      scene.stop_server();
      CHECK(scene.probe.events().size() == told);
    });
  }

  TEST_CASE("close() and then destroying returns") {
    in_every_situation("closing and destroying", [](Scene& scene, From from, bool) {
      from([&] {
        scene.app->close(1001, "good bye");
        scene.app.reset();
      });
    });
  }

  TEST_CASE("send, ping, wait_for, the accessors and assigning handlers return at once") {
    in_every_situation("everything else", [](Scene& scene, From from, bool is_idle) {
      from([&] {
        WebSocketApp& app = *scene.app;
        const SendResult sent = app.send("x");
        const bool is_open = sent == SendResult::queued;
        CHECK((is_open || sent == SendResult::closed));
        CHECK(app.send_text("\xff") == SendResult::invalid);
        CHECK(app.ping(std::string(126, 'x')) == SendResult::invalid);
        const bool is_over = app.wait_for(std::chrono::milliseconds(0));
        // The other way round: closed, and the last on_close still at work.
        if (is_over) CHECK((is_idle || app.state() == State::closed));
        CHECK(app.subprotocol().empty());
        CHECK(app.response().body.empty());
        static_cast<void>(app.local_address() + app.remote_address());
        CHECK(app.buffered_amount() <= (16U << 20U));
        app.on_message = [](WebSocketApp&, const Message&) {};
        app.on_message = nullptr;
        app.on_open = {};
        CHECK_THROWS_AS(app.close(1005), std::invalid_argument);
        CHECK_THROWS_AS(app.close(1000, std::string(124, 'x')), std::invalid_argument);
        CHECK_THROWS_AS(app.close(1000, "\xff"), std::invalid_argument);
      });
    });
  }

  TEST_CASE("start() and run_forever() throw on a running app and change nothing") {
    in_every_situation("starting again", [](Scene& scene, From from, bool is_idle) {
      const State state = scene.app->state();
      const bool ends_by_itself = state == State::closing || state == State::closed;
      if (is_idle || ends_by_itself) return;
      from([&] {
        CHECK_THROWS_AS(scene.app->start(), std::logic_error);
        CHECK_THROWS_AS(static_cast<void>(scene.app->run_forever()), std::logic_error);
        CHECK(scene.app->state() >= state);  // a server's Close frame may still be on its way
      });
    });
  }

  TEST_CASE("wait() on one thread returns when another one closes") {
    in_every_situation("waiting and closing", [](Scene& scene, From from, bool) {
      std::thread waiter([&] { scene.app->wait(); });
      from([&] { scene.app->close(); });
      waiter.join();
      CHECK(scene.app->wait_for(std::chrono::milliseconds(0)));
    });
  }

  TEST_CASE("destroying while run_forever is on another thread ends it") {
    samples::EchoServer server;
    const Watchdog watchdog("destroying an app that another thread runs");
    auto app = std::make_unique<WebSocketApp>(server.url(), quick());
    Probe probe;
    probe.attach(*app);
    std::thread runner([running = app.get()] { running->run_forever(); });
    REQUIRE(probe.opened.wait());
    app.reset();
    runner.join();
    CHECK(probe.count("close") == 0);
  }
}

TEST_SUITE("WebSocketApp: sending from several threads") {
  TEST_CASE("each thread's messages keep their order and frames never interleave") {
    constexpr int senders = 4;
    constexpr int each = 500;
    support::Latch all(senders * each);
    std::vector<std::vector<int>> received(senders);
    int nonsense = 0;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      for (int i = 0; i < senders * each; ++i) {
        const auto frame = connection.read_frame();
        const std::string& text = frame.payload;
        const auto colon = text.find(':');
        const auto end = text.find(':', colon + 1);
        const auto fill = text.substr(end + 1);
        if (!frame.masked || fill.find_first_not_of(text[0]) != std::string::npos) ++nonsense;
        const auto sender = static_cast<std::size_t>(text[0] - '0');
        received[sender].push_back(std::stoi(text.substr(colon + 1, end - colon - 1)));
        all.arrive();
      }
      connection.write_close(1000);
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.start();
    REQUIRE(probe.opened.wait());
    std::vector<std::thread> threads;
    for (int sender = 0; sender < senders; ++sender) {
      threads.emplace_back([&app, sender] {
        for (int i = 0; i < each; ++i) {
          std::string text = std::to_string(sender) + ":" + std::to_string(i) + ":";
          text.append(static_cast<std::size_t>(i * 7 % 300), static_cast<char>('0' + sender));
          while (app.send(text) == SendResult::buffer_full) std::this_thread::yield();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(all.wait());
    app.wait();
    CHECK(nonsense == 0);
    for (const auto& numbers : received) {
      REQUIRE(numbers.size() == each);
      for (int i = 0; i < each; ++i) CHECK(numbers[static_cast<std::size_t>(i)] == i);
    }
    CHECK(app.buffered_amount() == 0);
  }

  TEST_CASE("sending while another thread closes is queued or closed, never a crash") {
    samples::EchoServer server;
    for (int round = 0; round < 20; ++round) {
      const Watchdog watchdog("sending while closing");
      WebSocketApp app(server.url(), quick());
      Probe probe;
      probe.attach(app);
      app.start();
      REQUIRE(probe.opened.wait());
      std::thread sender([&] {
        SendResult result = SendResult::queued;
        while (result != SendResult::closed) {
          result = app.send("x");
          CHECK(result != SendResult::invalid);
        }
      });
      REQUIRE(probe.messages.pop());
      app.close();
      sender.join();
      app.wait();
      CHECK(probe.events().back().starts_with("close"));
    }
  }
}
