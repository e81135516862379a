#include "life/place.hpp"

#include <utility>

#include "life/situation.hpp"

namespace life {

using support::RawConnection;
using support::server_frame;
using websocket::Callback;
using websocket::CloseInfo;
using websocket::Error;
using websocket::Message;
using websocket::Opcode;
using websocket::SendResult;
using websocket::State;
using websocket::WebSocketApp;

namespace {

// The handler that is there, and then `more`.
template <class... Arguments, class More>
void also(Callback<void(WebSocketApp&, Arguments...)>& callback, More more) {
  callback = [before = callback.current(), more = std::move(more)](WebSocketApp& app,
                                                                   Arguments... arguments) {
    if (before) (*before)(app, arguments...);
    more(app, arguments...);
  };
}

void set_open(WebSocketApp& app, const Act& act) { also(app.on_open, act); }
void set_reconnect(WebSocketApp& app, const Act& act) { also(app.on_reconnect, act); }
void set_drain(WebSocketApp& app, const Act& act) { also(app.on_drain, act); }
void set_data(WebSocketApp& app, const Act& act) {
  also(app.on_data, [act](WebSocketApp& self, std::string_view, Opcode, bool) { act(self); });
}
void set_message(WebSocketApp& app, const Act& act) {
  also(app.on_message, [act](WebSocketApp& self, const Message&) { act(self); });
}
void set_fragment(WebSocketApp& app, const Act& act) {
  also(app.on_cont_message, [act](WebSocketApp& self, std::string_view, bool) { act(self); });
}
void set_ping(WebSocketApp& app, const Act& act) {
  also(app.on_ping, [act](WebSocketApp& self, std::string_view) { act(self); });
}
void set_pong(WebSocketApp& app, const Act& act) {
  also(app.on_pong, [act](WebSocketApp& self, std::string_view) { act(self); });
}
void set_error(WebSocketApp& app, const Act& act) {
  also(app.on_error, [act](WebSocketApp& self, const Error&) { act(self); });
}
void set_thrown(WebSocketApp& app, const Act& act) {
  also(app.on_pong, [](WebSocketApp&, std::string_view) { throw 42; });
  set_error(app, act);
}
void set_close_again(WebSocketApp& app, const Act& act) {
  also(app.on_close, [act](WebSocketApp& self, const CloseInfo& info) {
    if (info.will_reconnect) act(self);
  });
}
void set_last_close(WebSocketApp& app, const Act& act) {
  also(app.on_close, [act](WebSocketApp& self, const CloseInfo& info) {
    if (!info.will_reconnect) act(self);
  });
}

// Small, so that reading it takes no time.
constexpr std::size_t drained = 200'000;

constexpr Place all_places[] = {
    {"on_open", State::open, Course::eventful, set_open},
    {"on_data", State::open, Course::eventful, set_data},
    {"on_message", State::open, Course::eventful, set_message},
    {"on_cont_message", State::open, Course::eventful, set_fragment},
    {"on_ping", State::open, Course::eventful, set_ping},
    {"on_pong", State::open, Course::eventful, set_pong},
    {"on_error for what a handler threw", State::open, Course::eventful, set_thrown},
    {"on_error before another attempt", State::waiting, Course::eventful, set_error},
    {"on_close before another attempt", State::waiting, Course::eventful, set_close_again},
    {"on_reconnect", State::open, Course::eventful, set_reconnect},
    {"the last on_close", State::closed, Course::eventful, set_last_close},
    {"on_drain", State::open, Course::draining, set_drain},
    {"on_message after close()", State::closing, Course::talks_on, set_message},
    {"on_ping after close()", State::closing, Course::talks_on, set_ping},
    {"the last on_error", State::closing, Course::violated, set_error},
    {"the last on_close after an error", State::closed, Course::violated, set_last_close}};

void read_until_close_frame(RawConnection& connection) {
  while (connection.read_frame().opcode != 8) {
  }
}

void serve_eventfully(RawConnection& connection, int number) {
  connection.accept_handshake();
  if (number > 2) {  // a run that was started in the last on_close
    connection.write_close(1000);
  } else {
    connection.write(server_frame(true, 1, "text") + server_frame(false, 2, "frag") +
                     server_frame(true, 0, "ments") + server_frame(true, 9, "ping") +
                     server_frame(true, 10, "pong"));
    if (number == 2) connection.write_close(1000);
  }
  connection.shutdown();
  connection.wait_for_end();
}

support::RawServer::Script server_for(Course course) {
  return [course, count = std::make_shared<std::atomic<int>>(0)](RawConnection& connection) {
    const int number = ++*count;
    if (course == Course::eventful) return serve_eventfully(connection, number);
    connection.accept_handshake();
    if (course == Course::violated) {
      // A run that was started in the last on_close is shorter.
      connection.write(number == 1 ? server_frame(true, 3, "no such opcode")
                                   : server_frame(true, 8, "\x03\xe8"));
      connection.shutdown();
      return connection.wait_for_end();
    }
    read_until_close_frame(connection);
    if (course == Course::talks_on) {
      connection.write(server_frame(true, 1, "late") + server_frame(true, 9, "late"));
    }
    connection.write_close(1000);
  };
}

void take_course(WebSocketApp& app, Course course) {
  switch (course) {
    case Course::eventful:
    case Course::violated:
      return;
    case Course::talks_on:
      return also(app.on_open, [](WebSocketApp& self) { self.close(); });
    case Course::draining:
      return also(app.on_open, [](WebSocketApp& self) {
        while (self.send_bytes(std::string(drained / 4, 'x')) == SendResult::queued) {
        }
      });
  }
}

}  // namespace

std::span<const Place> places() { return all_places; }

Visit::Visit(const Place& place, Ground ground, Act act)
    : place_(place), act_(std::move(act)), server_(server_for(place.course)), runner_(ground) {
  websocket::ConnectOptions options{.timeout = support::default_deadline,
                                    .close_timeout = support::default_deadline};
  options.limits.max_send_buffer = place.course == Course::draining ? drained : Scene::send_buffer;
  app_ = runner_.make_app(server_.url(), std::move(options));
  probe.attach(*app_);
  take_course(*app_, place.course);
  place.set(*app_, [this](WebSocketApp& self) {
    if (begun_.exchange(true)) return;
    struct Done {
      support::Event& event;
      ~Done() { event.set(); }
    };
    const Done done{done_};  // also where it throws
    act_(self);
  });
}

Visit::~Visit() { app_.reset(); }

websocket::RunOptions Visit::run_options() const {
  if (place_.course != Course::eventful) return runner_.options({});
  const auto unless_closed = [](const Error* error, const CloseInfo&) { return error != nullptr; };
  return runner_.options(
      {.reconnect = websocket::ReconnectPolicy{.initial_delay = std::chrono::milliseconds(1),
                                               .should_reconnect = unless_closed}});
}

void Visit::start() { runner_.start(*app_, run_options()); }

bool Visit::ends(std::size_t runs) {
  return api_test::comes_true([&] {
    std::size_t last = 0;
    for (const std::string& event : probe.events()) {
      last += event.starts_with("close") && !event.ends_with("again") ? 1 : 0;
    }
    return last >= runs;
  });
}

}  // namespace life
