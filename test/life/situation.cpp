#include "life/situation.hpp"

#include <doctest/doctest.h>

#include <utility>

#include "support/certificates.hpp"

namespace life {

using support::RawConnection;
using support::server_frame;
using websocket::ConnectOptions;
using websocket::State;
using websocket::WebSocketApp;

const char* name_of(Situation situation) {
  switch (situation) {
    case Situation::idle:
      return "idle";
    case Situation::resolving:
      return "resolving";
    case Situation::connecting:
      return "connecting";
    case Situation::tls:
      return "in the TLS handshake";
    case Situation::handshake:
      return "in the opening handshake";
    case Situation::open:
      return "open";
    case Situation::half_a_frame:
      return "half a frame received";
    case Situation::half_a_message:
      return "half a message received";
    case Situation::write_blocked:
      return "write blocked";
    case Situation::closing:
      return "closing";
    case Situation::closed_by_server:
      return "closed by a server that stays";
    case Situation::waiting:
      return "waiting to reconnect";
    case Situation::closed:
      return "closed";
  }
  return "";
}

State state_of(Situation situation) {
  switch (situation) {
    case Situation::idle:
      return State::idle;
    case Situation::resolving:
    case Situation::connecting:
    case Situation::tls:
    case Situation::handshake:
      return State::connecting;
    case Situation::open:
    case Situation::half_a_frame:
    case Situation::half_a_message:
    case Situation::write_blocked:
      return State::open;
    case Situation::closing:
    case Situation::closed_by_server:
      return State::closing;
    case Situation::waiting:
      return State::waiting;
    case Situation::closed:
      return State::closed;
  }
  return State::idle;
}

Scene::Scene(Situation situation, Ground ground, websocket::Duration close_timeout)
    : situation_(situation), close_timeout_(close_timeout), runner_(ground) {
  build();
}

Scene::~Scene() {
  app_.reset();
  let_server_go();
}

websocket::RunOptions Scene::run_options() const {
  if (situation_ != Situation::waiting) return runner_.options({});
  return runner_.options(
      {.reconnect = websocket::ReconnectPolicy{.initial_delay = std::chrono::hours(1),
                                               .max_delay = std::chrono::hours(1),
                                               .jitter = false}});
}

void Scene::let_server_go() {
  finished_.set();
  server_.reset();
  if (name_) name_->answer();
}

bool Scene::ends(std::size_t runs) {
  return api_test::comes_true([&] {
    std::size_t last = 0;
    for (const std::string& event : probe.events()) {
      last += event.starts_with("close") && !event.ends_with("again") ? 1 : 0;
    }
    return last >= runs;
  });
}

void Scene::serve(support::RawServer::Script script) {
  server_ = std::make_unique<support::RawServer>(std::move(script));
}

void Scene::make_app(const std::string& url) {
  ConnectOptions options{.timeout = 2 * support::default_deadline, .close_timeout = close_timeout_};
  options.tls.ca_file = support::certificates().authority();
  options.limits.max_send_buffer = send_buffer;
  // Else the system grows it to take megabytes.
  if (situation_ == Situation::write_blocked) options.socket.send_buffer_size = 16384;
  app_ = runner_.make_app(url, std::move(options));
  probe.attach(*app_);
}

void Scene::start() {
  runner_.start(*app_, run_options());
  REQUIRE(api_test::comes_true([this] { return app_->state() != State::idle; }));
}

void Scene::build() {
  switch (situation_) {
    case Situation::idle:
      return build_for_short_runs();
    case Situation::resolving:
      name_ = std::make_unique<HangingName>();
      make_app("ws://" + name_->name() + "/");
      start();
      REQUIRE(name_->is_asked());
      return;
    case Situation::connecting:
      port_ = std::make_unique<api_test::RefusingPort>();
      port_->stay_silent();
      make_app(port_->url());
      return start();
    case Situation::tls:
      return build_silent("wss");
    case Situation::handshake:
      return build_silent("ws");
    case Situation::open:
      return build_open("", true);
    case Situation::half_a_frame:
      return build_open("\x81\x05he", false);
    case Situation::half_a_message:
      return build_open(server_frame(false, 1, "the beginning"), false);
    case Situation::write_blocked:
      return build_write_blocked();
    case Situation::closing:
      return build_closing();
    case Situation::closed_by_server:
      return build_closed_by_server();
    case Situation::waiting:
      return build_waiting();
    case Situation::closed:
      build_for_short_runs();
      start();
      REQUIRE(ends(1));
      REQUIRE(app_->wait_for(support::default_deadline));
      return;
  }
}

void Scene::build_silent(const char* scheme) {
  serve([this](RawConnection& connection) {
    connection.read_some();  // the request, or TLS's client hello
    reached_.set();
    connection.wait_for_end();
  });
  make_app(scheme + ("://127.0.0.1:" + std::to_string(server_->port())));
  start();
  REQUIRE(reached_.wait());
}

// What arrives together with the fence's message was read with it.
void Scene::build_open(const std::string& behind_fence, bool answers) {
  serve([this, bytes = server_frame(true, 1, "fence") + behind_fence,
         answers](RawConnection& connection) {
    connection.accept_handshake();
    connection.write(bytes);
    for (;;) {
      const support::RawFrame frame = connection.read_frame();
      if (frame.opcode != 8) continue;
      close_codes.push(frame.close_code());
      reached_.set();
      if (!answers) continue;
      return connection.write_frame(true, 8, frame.payload);
    }
  });
  make_app(server_->url());
  start();
  REQUIRE(probe.messages.pop());
}

void Scene::build_write_blocked() {
  serve([this](RawConnection& connection) {
    connection.accept_handshake();
    static_cast<void>(finished_.wait(2 * support::default_deadline));
  });
  make_app(server_->url());
  start();
  REQUIRE(probe.opened.wait());
  REQUIRE(app_->send_bytes(std::string(blocked_message, 'x')) == websocket::SendResult::queued);
}

void Scene::build_closing() {
  build_open("", false);
  app_->close(4000, "first");
  REQUIRE(reached_.wait());
  REQUIRE(close_codes.pop() == 4000);
}

void Scene::build_closed_by_server() {
  build_open(server_frame(true, 8,
                          "\x03\xe9"
                          "bye"),
             false);
  REQUIRE(reached_.wait());  // our answer
  REQUIRE(close_codes.pop() == 1001);
  REQUIRE(app_->state() >= State::closing);  // over, where the close_timeout is brief
}

void Scene::build_waiting() {
  port_ = std::make_unique<api_test::RefusingPort>();
  make_app(port_->url());
  start();
  REQUIRE(probe.errors.pop());
}

void Scene::build_for_short_runs() {
  serve([](RawConnection& connection) {
    connection.accept_handshake();
    connection.write_close(1000, "bye");
    connection.shutdown();
    connection.wait_for_end();
  });
  make_app(server_->url());
}

}  // namespace life
